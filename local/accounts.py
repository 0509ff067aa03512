"""`./leak accounts`: who may sign in to the consoles of the running stack."""

import argparse
import subprocess

from local import endpoints
from local.layout import CHECKOUT, HOME, Paths
from local.programs import PYTHON, Stack, service_environment
from local.servers import servers

CONSOLES = ("moderation", "audit")
HELP = "console accounts: moderation|audit add|reset|disable|list"


def run(arguments: list[str]) -> int:
    """Runs the service's own command with its settings."""
    parser = argparse.ArgumentParser(prog="./leak accounts", description=HELP)
    parser.add_argument("console", choices=CONSOLES)
    parser.add_argument("asked", nargs=argparse.REMAINDER, metavar="add|reset|disable|list ...")
    asked = parser.parse_args(arguments)
    base = endpoints.read(Paths.under(HOME))["base"]
    stack = Stack(HOME, base)
    environment = service_environment(stack, servers(HOME, base), asked.console)
    command = [PYTHON, "-m", f"services.{asked.console}.accounts", *asked.asked]
    return subprocess.run(command, env=environment, check=False, cwd=CHECKOUT).returncode
