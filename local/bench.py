"""`./leak bench`: the benchmarks of bench/."""

import argparse
import subprocess

from local import jars
from local.layout import CHECKOUT, JARS
from local.programs import PYTHON


def run(asked: argparse.Namespace) -> int:
    """In a process of its own, so that it ends with all that it started."""
    jars.install(JARS, lambda _done, _total: None)
    return subprocess.run([PYTHON, "-m", "bench", *asked.rest], cwd=CHECKOUT, check=False).returncode
