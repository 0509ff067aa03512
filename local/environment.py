"""Makes or refreshes the virtual environment from requirements.lock, then becomes `python -m local`.

Runs before any package is there: standard library only. Interrupted, it goes on from what it had installed.
"""

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager

from local import verbs
from local.failures import Failure
from local.layout import CHECKOUT, HOME, Paths, ports
from local.preconditions import need_ports

VENV = HOME / "venv"
PYTHON = VENV / "bin" / "python"
LOCK = CHECKOUT / "requirements.lock"
# Names the lock that the environment was made from; absent while it is incomplete.
STAMP = VENV / "requirements.sha256"
DOWNLOADS = HOME / "cache" / "pip"
LOG = HOME / "install.log"
# The packages, what pip fetches them into, and the jars.
ROOM_BYTES = 1_500_000_000
# What was installed before an interruption stays, so parts are small; each costs a start of pip.
PART = 20
# A pinned package with its hashes, which stand on indented lines.
PIN = r"^[^\s#].*==.*(?:\n[ \t].*)*"


def main() -> None:
    """One line when it can't be done; what would end without a package ends before there is one."""
    began = time.time()
    asked = verbs.parse(sys.argv[1:])
    if _stale():
        _need_ports(asked)
        HOME.mkdir(exist_ok=True)
        _need_room()
        with _alone() as lock:
            if _stale():
                _install(lock)
    # For the time that `up` shows: the first start's packages are part of it.
    os.environ["LEAK_BEGAN"] = str(began)
    os.execv(PYTHON, [str(PYTHON), "-m", "local", *sys.argv[1:]])  # noqa: S606  # no shell is what is wanted here


def _need_ports(asked: argparse.Namespace) -> None:
    # Where something ran before, `up` ends first what that may have left.
    if asked.verb == "up" and not Paths.under(asked.home).processes.exists():
        try:
            need_ports(ports(asked.ports))
        except Failure as taken:
            _stop(str(taken))


def _stale() -> bool:
    # A Python that was removed leaves an environment whose `python` is a dead link.
    return not (PYTHON.exists() and STAMP.exists() and STAMP.read_text() == _fingerprint())


def _fingerprint() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}"


def _install(lock: int) -> None:
    pins = re.findall(PIN, LOCK.read_text(), re.MULTILINE)
    _say(f"first start: {len(pins)} Python packages into .leak/venv (a minute or two; can be interrupted)")
    STAMP.unlink(missing_ok=True)
    if not _pip_works():
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True, symlinks=True)
    for start in range(0, len(pins), PART):
        part = pins[start : start + PART]
        _pip_install(part, lock)
        _say(f"  {start + len(part)} of {len(pins)}")
    STAMP.write_text(_fingerprint())
    # Fetched again only when a package changes; until then it would be copies.
    shutil.rmtree(DOWNLOADS, ignore_errors=True)


def _pip_install(pins: list[str], lock: int) -> None:
    requirements = HOME / "install.txt"
    requirements.write_text("\n".join(pins))
    # Python compiles what it imports; compiling everything now would take longer than the downloads.
    quick = ["--require-hashes", "--no-deps", "--no-compile", "--progress-bar", "off"]
    command = [str(PYTHON), "-m", "pip", "install", *quick, "-r", str(requirements)]
    with LOG.open("w") as log:
        # With the lock in its hands, a pip that outlives us is waited for by the next start.
        done = subprocess.run(
            command, env=_pip_environment(), stdout=log, stderr=subprocess.STDOUT, check=False, pass_fds=[lock]
        )
    if done.returncode != 0:
        errors = [line for line in LOG.read_text().splitlines() if line.startswith("ERROR")] or ["it gave no reason"]
        _stop(f"pip could not install ({errors[-1]}): check the network, or see {LOG}; run it again to go on")


def _pip_works() -> bool:
    # An environment whose making was interrupted has a Python, and no pip or half of one; another Python's is no use.
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    command = [str(PYTHON), "-c", f"import pip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"]
    return PYTHON.exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _pip_environment() -> dict[str, str]:
    own = {"PIP_CACHE_DIR": str(DOWNLOADS), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return {**own, **os.environ}


def _need_room() -> None:
    free = shutil.disk_usage(HOME).free
    if free < ROOM_BYTES:
        _stop(f"no room: {HOME} is on a disk with {free // 10**6} MB free; the first start needs {ROOM_BYTES // 10**6}")


@contextmanager
def _alone() -> Iterator[int]:
    """Two first starts at once would make one broken environment: the second one waits. Gives the lock's descriptor."""
    with (HOME / "install.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("another first start is under way here: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _say(line: str) -> None:
    print(line, flush=True)


def _stop(why: str) -> None:
    sys.exit(f"leak: {why}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        _stop("interrupted; run it again to go on")
