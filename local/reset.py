"""`./leak reset`: forgets all data of the local stack."""

import argparse
import shutil

from local.layout import HOME, Paths
from local.preconditions import alone

HELP = "forget all data: leaks, mail, accounts, keys"


def run(arguments: list[str]) -> int:
    """Asks first; refuses while the stack runs."""
    parser = argparse.ArgumentParser(prog="./leak reset", description=HELP)
    parser.add_argument("--yes", action="store_true", help="don't ask")
    asked = parser.parse_args(arguments)
    paths = Paths.under(HOME)
    with alone(paths.lock, "not reset"):
        if not asked.yes and input("Forget all leaks, mail, accounts and keys of this checkout? [y/N] ").lower() != "y":
            print("kept")
            return 1
        shutil.rmtree(paths.data, ignore_errors=True)
    print("forgotten; ./leak up begins anew")
    return 0
