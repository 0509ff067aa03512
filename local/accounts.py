"""`./leak accounts`: who may sign in to the consoles of the running stack."""

import argparse
import subprocess

from local import endpoints
from local.layout import CHECKOUT, HOME, Paths
from local.programs import PYTHON, Stack, service_environment
from local.servers import servers


def run(asked: argparse.Namespace) -> int:
    """Runs the console's own command with the settings of its service."""
    base = endpoints.read(Paths.under(HOME))["base"]
    stack = Stack(HOME, base)
    service = asked.rest[0] if asked.rest and asked.rest[0] in {"moderation", "audit"} else "moderation"
    environment = service_environment(stack, servers(HOME, base), service)
    command = [PYTHON, "-m", "shared.console", *asked.rest]
    return subprocess.run(command, env=environment, check=False, cwd=CHECKOUT).returncode
