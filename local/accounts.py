"""`./leak accounts`: who may sign in to the consoles of the running stack."""

import argparse
import subprocess

from local import endpoints
from local.layout import CHECKOUT, HOME, Paths
from local.programs import PYTHON, Stack, service_environment
from local.servers import servers


def run(asked: argparse.Namespace) -> int:
    """Runs the service's own command with its settings."""
    base = endpoints.read(Paths.under(HOME))["base"]
    stack = Stack(HOME, base)
    environment = service_environment(stack, servers(HOME, base), asked.console)
    command = [PYTHON, "-m", f"services.{asked.console}.accounts", *asked.arguments]
    return subprocess.run(command, env=environment, check=False, cwd=CHECKOUT).returncode
