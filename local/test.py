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

HELP = "run the tests (--real: with Kafka, databases, browser; --long: the full matrices too; the rest goes to pytest)"
WORKERS = ("-n", "2")
REAL = "integration or e2e"
QUICK = f"not ({REAL}) and not long"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def run(arguments: list[str]) -> int:
    """The exit status is pytest's."""
    parser = argparse.ArgumentParser(prog="./leak test", description=HELP)
    parser.add_argument("--real", action="store_true", help="also what needs Kafka, the databases and a browser")
    parser.add_argument("--long", action="store_true", help="the full matrices too")
    asked, rest = parser.parse_known_args(arguments)
    jars.install(JARS, lambda _done, _total: None)
    if not _browser():
        say("browser tests did not run: no Chromium here; install the package chromium, then run this again")
    code = _pytest(*WORKERS, "-m", QUICK, *rest)
    if not (asked.real or asked.long):
        say("tests with Kafka, the databases and a whole system did not run: ./leak test --real runs them")
        return code
    # One after the other: each of them loads the machine by itself.
    return code or _pytest("-m", REAL if asked.long else f"({REAL}) and not long", *rest)


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
