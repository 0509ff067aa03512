"""`./leak audit`: checks of the running stack's audit log and of answers, apart from the service that made them."""

import argparse
import os
import subprocess

from local import endpoints
from local.layout import CHECKOUT, HOME, Paths
from local.programs import PYTHON, Stack, service_environment
from local.servers import servers
from local.verbs import VERBS


def run(asked: argparse.Namespace) -> int:
    """Runs the audit service's own check with its settings."""
    if asked.rest[:1] != ["verify"]:
        print(f"usage: ./leak audit {VERBS['audit']}")
        return 2
    base = endpoints.read(Paths.under(HOME))["base"]
    environment = service_environment(Stack(HOME, base), servers(HOME, base), "audit")
    # Files are named from where the caller stands; the packages are found from the checkout.
    command = [PYTHON, "-m", "services.audit.verify", *asked.rest[1:]]
    environment["PYTHONPATH"] = str(CHECKOUT)
    return subprocess.run(command, env=environment, check=False, cwd=os.environ.get("LEAK_FROM", CHECKOUT)).returncode
