"""`./leak test`: all tests; the long ones on demand."""

import argparse
import os
import shutil
import subprocess
import sys

from local import jars
from local.layout import CHECKOUT, JARS
from local.programs import PYTHON
from local.up import say

HELP = "run the tests (--quick: without Kafka, databases, browser; --long: the full matrices too; pytest's arguments)"
# Two, because the real parts mostly wait; each folder that has some stays on one of them (tests/conftest.py).
WORKERS = ("-n", "2", "--dist", "loadgroup")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def run(arguments: list[str]) -> int:
    """The exit status is pytest's."""
    parser = argparse.ArgumentParser(prog="./leak test", description=HELP)
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_true", help="none with Kafka, databases, browser")
    depth.add_argument("--long", action="store_true", help="the full matrices too")
    asked, rest = parser.parse_known_args(arguments)
    if asked.quick:
        return _pytest(*WORKERS, "-m", "not (integration or e2e)", *rest)
    jars.install(JARS, lambda _done, _total: None)
    if not _browser():
        say("browser tests did not run: no Chromium here; install the package chromium, then run this again")
    return _pytest(*WORKERS, *([] if asked.long else ["-m", "not long"]), *rest)


def _pytest(*arguments: str) -> int:
    return subprocess.run([PYTHON, "-m", "pytest", *arguments], cwd=CHECKOUT, check=False).returncode


def _browser() -> bool:
    """Whether there is a Chromium; where the system lets us, install it."""
    if not _found() and os.geteuid() == 0 and shutil.which("apt-get") and sys.platform == "linux":
        say("installing Chromium for the browser tests (once)")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for step in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", *step], env=environment, check=False, stdout=subprocess.DEVNULL)
    return _found()


def _found() -> bool:
    return any(shutil.which(name) for name in BROWSERS)
