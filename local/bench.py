"""`./leak bench`: the benchmarks of bench/."""

import subprocess

from local import jars
from local.layout import CHECKOUT, JARS
from local.programs import PYTHON

HELP = "benchmarks as ratios within one run: accept, audit, mailer, journey (--long for more)"


def run(arguments: list[str]) -> int:
    """In a process of its own, so that it ends with all that it started."""
    jars.install(JARS, lambda _done, _total: None)
    return subprocess.run([PYTHON, "-m", "bench", *arguments], cwd=CHECKOUT, check=False).returncode
