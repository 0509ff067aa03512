"""`./leak accounts`: who may sign in to the consoles of the running stack."""

import subprocess

from local import endpoints
from local.layout import CHECKOUT, HOME, Paths
from local.programs import PYTHON, Stack, service_environment
from local.servers import servers

HELP = "console accounts: moderation|audit add|reset|disable|list"


def run(arguments: list[str]) -> int:
    """Runs the console's own command with the settings of its service."""
    base = endpoints.read(Paths.under(HOME))["base"]
    stack = Stack(HOME, base)
    service = arguments[0] if arguments and arguments[0] in {"moderation", "audit"} else "moderation"
    environment = service_environment(stack, servers(HOME, base), service)
    command = [PYTHON, "-m", "shared.console", *arguments]
    return subprocess.run(command, env=environment, check=False, cwd=CHECKOUT).returncode
