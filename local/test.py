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

# Two, because the real parts mostly wait; each folder that has some stays on one of them (tests/conftest.py).
WORKERS = ("-n", "2", "--dist", "loadgroup")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def run(asked: argparse.Namespace) -> int:
    """The exit status is pytest's."""
    if asked.quick:
        return _pytest(*WORKERS, "-m", "not (integration or e2e)", *asked.rest)
    jars.install(JARS, lambda _done, _total: None)
    if not _browser():
        say("browser tests did not run: no Chromium here; install the package chromium, then run this again")
    return _pytest(*WORKERS, *([] if asked.long else ["-m", "not long"]), *asked.rest)


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
