"""`./leak keys`: the keys of the embedded default's processes; a running stack reads a change within a second."""

import argparse

from deploy.setup import key_command
from local.layout import HOME, Paths


def run(asked: argparse.Namespace) -> int:
    """Runs the set-up step's own command on this stack's folder."""
    return key_command.main([str(Paths.under(HOME).secrets), *asked.rest])
