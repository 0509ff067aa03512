"""Processes in groups of their own and on record, so that the next `up` can end what a killed one left."""

import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path

import psutil

from local.programs import Program

# psutil derives start times from the boot time, which moves a little when the clock is set.
SAME_START_S = 2.0
TERMINATE_S = 10


class Record:
    """The processes that run now, by name, in a file that the next `up` reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, dict[str, float]] = {}

    def add(self, name: str, pid: int) -> None:
        """Remember a process right after its start; raises OSError when the disk is full."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._entries[name] = {"pid": pid, "started": started}
        self._write()

    def remove(self, name: str) -> None:
        """Forget a process that has ended."""
        self._entries.pop(name, None)
        # On a full disk the old entry stays; it names a process that is no more, which `leftovers` sees.
        with contextlib.suppress(OSError):
            self._write()

    def leftovers(self) -> list[psutil.Process]:
        """What an earlier `up` left running: the same process id and the same start, so never somebody else's."""
        recorded = self.entries().values()
        return [process for entry in recorded if (process := _same(entry["pid"], entry["started"]))]

    def entries(self) -> dict[str, dict[str, float]]:
        """What the file says: name -> pid and start, in seconds of the epoch."""
        try:
            entries: dict[str, dict[str, float]] = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return entries

    def _write(self) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(self._entries, indent=2))
        part.rename(self._path)


def _same(pid: float, started: float) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid))
        if abs(process.create_time() - started) < SAME_START_S and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except psutil.NoSuchProcess:
        pass
    return None


def end_leftovers(leftovers: list[psutil.Process]) -> None:
    """Ask each group to end, then make it."""
    for process in leftovers:
        _signal_group(process.pid, signal.SIGTERM)
    _, alive = psutil.wait_procs(leftovers, timeout=TERMINATE_S)
    for process in alive:
        _signal_group(process.pid, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=TERMINATE_S)


class Child:
    """A running program."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, log: Path) -> None:
        self.program = program
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, program: Program, logs: Path) -> "Child":
        """Start it in a session of its own: a Ctrl-C then reaches the supervisor alone, which ends all in order."""
        log = logs / f"{program.name.replace(' ', '-')}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                env=dict(program.environment),
                cwd=program.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(program, process, log)

    @property
    def pid(self) -> int:
        """Of the process, and of its group."""
        return self._process.pid

    async def wait(self) -> int:
        """Its exit status; negative is the signal that ended it. What it has started itself ends with it."""
        code = await self._process.wait()
        _signal_group(self.pid, signal.SIGKILL)
        return code

    async def stop(self, within_s: float) -> None:
        """End it: politely, then for certain."""
        if self._process.returncode is not None:
            return
        _signal_group(self.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wait(), within_s)
        if self._process.returncode is None:
            _signal_group(self.pid, signal.SIGKILL)
            await self.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)
