"""`./leak reset`: forgets all data of the local stack."""

import argparse
import shutil

from local.layout import HOME, Paths
from local.preconditions import alone


def run(asked: argparse.Namespace) -> int:
    """Asks first; refuses while the stack runs."""
    paths = Paths.under(HOME)
    with alone(paths.lock, "not reset"):
        if not asked.yes and input("Forget all leaks, mail, accounts and keys of this checkout? [y/N] ").lower() != "y":
            print("kept")
            return 1
        shutil.rmtree(paths.data, ignore_errors=True)
    print("forgotten; ./leak up begins anew")
    return 0
