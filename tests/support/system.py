"""The whole system as a person starts it: `./leak up` in a folder of its own."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from local.layout import CHECKOUT, Paths
from local.processes import Record
from local.programs import PYTHON
from local.stack import free_base

# A loaded machine of two cores takes a minute.
READY_WITHIN_S = 240
STOP_WITHIN_S = 20


class System:
    """One `up` at a time; `start` again continues with the data."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.base = free_base()
        self.paths = Paths.under(home)
        self._output = home / "output.txt"
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it says ready."""
        command = [PYTHON, "-m", "local", "up", "--home", str(self.home), "--ports", str(self.base), "--delay", "0"]
        with self._output.open("wb") as output:
            self._up = subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=output)
        self.until_said(r"^ready in \d+ s", READY_WITHIN_S)

    def said(self) -> str:
        """What it has printed since its start."""
        return self._output.read_text()

    def until_said(self, words: str, within_s: float = 60) -> None:
        """Wait for a line."""
        deadline = time.monotonic() + within_s
        while not re.search(words, self.said(), re.MULTILINE):
            assert self._up is not None
            assert self._up.poll() is None, f"it ended before it said {words!r}:\n{self.said()}"
            assert time.monotonic() < deadline, f"not said within {within_s} s: {words!r}\n{self.said()}"
            time.sleep(0.1)

    def endpoints(self) -> dict[str, Any]:
        """What it wrote for programs."""
        facts: dict[str, Any] = json.loads(self.paths.endpoints.read_text())
        return facts

    def pids(self) -> dict[str, int]:
        """Every program that it keeps alive."""
        return {name: int(entry["pid"]) for name, entry in Record(self.paths.processes).entries().items()}

    def verb(self, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another verb against it."""
        command = [PYTHON, "-m", "local", name, "--home", str(self.home), *arguments]
        return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120)

    def kill(self) -> None:
        """End the supervisor alone, at once, as a crash would."""
        assert self._up is not None
        self._up.kill()
        self._up.wait()

    def interrupt(self) -> float:
        """Press Ctrl-C; the seconds until it has ended."""
        assert self._up is not None
        began = time.monotonic()
        self._up.send_signal(signal.SIGINT)
        self._up.wait(STOP_WITHIN_S + 10)
        return time.monotonic() - began

    def end(self) -> None:
        """After a test, whatever became of it."""
        if self._up and self._up.poll() is None:
            self.interrupt()
        for process in Record(self.paths.processes).leftovers():
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def running(home: Path) -> Iterator[System]:
    """Started, and ended whatever becomes of the tests."""
    system = System(home)
    try:
        system.start()
        yield system
    finally:
        system.end()


def alive(pid: int) -> bool:
    """Whether a process runs."""
    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
