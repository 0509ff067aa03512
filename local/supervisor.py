"""Keeps the programs of a stack alive: starts them in order, restarts what dies, ends everything."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx

from local.failures import Failure
from local.layout import HOST
from local.preconditions import disk_is_full
from local.processes import Child, Record
from local.programs import Program

START_S = 120
READY_POLL_S = 0.1
# A program that died this often before it was ready once will not get ready by another try.
STILLBORN = 3
FIRST_PAUSE_S = 1
LONGEST_PAUSE_S = 30
# Having lived this long, a death counts as the first again.
STEADY_S = 60
SERVICES_STOP_S = 11
SERVERS_STOP_S = 6
LAST_WORDS = 300

Say = Callable[[str], None]


class Kept:
    """A program that is being kept alive."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.child: Child | None = None
        self.task: asyncio.Task[None] | None = None
        self.was_ready = False
        self.deaths = 0
        self.last_words = ""


class Supervisor:
    """One for each `up`."""

    def __init__(self, logs: Path, record: Record, say: Say) -> None:
        self._logs = logs
        self._record = record
        self._say = say
        self._kept: list[list[Kept]] = []

    async def run_once(self, program: Program) -> None:
        """Run a program to its end; raises Failure when it fails."""
        child = await self._start(program)
        try:
            code = await child.wait()
        finally:
            await child.stop(SERVERS_STOP_S)
            self._record.remove(program.name)
        if code != 0:
            raise Failure(f"{program.name} failed ({_end_of(code, child.log)})")

    async def start(self, programs: Iterable[Program]) -> None:
        """Start these together and wait until each is ready. What is started later is stopped earlier."""
        tier = [Kept(program) for program in programs]
        self._kept.append(tier)
        for kept in tier:
            kept.task = asyncio.create_task(self._keep(kept))
        async with asyncio.TaskGroup() as waiting:
            for kept in tier:
                waiting.create_task(self._wait_ready(kept))

    async def stop(self) -> None:
        """End everything; the services first, so that they can still give back what they hold."""
        for tier in reversed(self._kept):
            within_s = SERVERS_STOP_S if tier is self._kept[0] else SERVICES_STOP_S
            await asyncio.gather(*(self._end(kept, within_s) for kept in tier))

    async def _keep(self, kept: Kept) -> None:
        while True:
            started = time.monotonic()
            kept.last_words = await self._live_once(kept)
            kept.deaths = 1 if time.monotonic() - started > STEADY_S else kept.deaths + 1
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (kept.deaths - 1))
            self._say(f"{kept.program.name} died ({kept.last_words}); starting it again in {pause_s} s")
            if disk_is_full(self._logs):
                self._say("the disk is full: free some space; nothing that was accepted is lost")
            await asyncio.sleep(pause_s)

    async def _live_once(self, kept: Kept) -> str:
        """From a program's start to its death; returns how it died."""
        try:
            kept.child = await self._start(kept.program)
        except OSError as error:
            return f"not even started: {error.strerror}"
        telling = asyncio.create_task(self._tell_ready_again(kept)) if kept.was_ready else None
        code = await kept.child.wait()
        if telling:
            telling.cancel()
        return _end_of(code, kept.child.log)

    async def _tell_ready_again(self, kept: Kept) -> None:
        began = time.monotonic()
        while not await is_ready(kept.program):  # noqa: ASYNC110  # processes tell no event
            await asyncio.sleep(READY_POLL_S)
        self._say(f"{kept.program.name} is ready again ({time.monotonic() - began:.1f} s)")

    async def _start(self, program: Program) -> Child:
        child = await Child.start(program, self._logs)
        try:
            self._record.add(program.name, child.pid)
        except OSError:
            # One that is on no record would outlive a killed supervisor.
            await child.stop(SERVERS_STOP_S)
            raise
        return child

    async def _wait_ready(self, kept: Kept) -> None:
        began = time.monotonic()
        while not await is_ready(kept.program):
            if kept.deaths >= STILLBORN:
                raise Failure(f"{kept.program.name} does not start ({kept.last_words})")
            if time.monotonic() - began > START_S:
                raise Failure(f"{kept.program.name} is not ready after {START_S} s: see {self._logs}")
            await asyncio.sleep(READY_POLL_S)
        kept.was_ready = True
        self._say(f"{kept.program.name} is ready ({time.monotonic() - began:.1f} s)")

    async def _end(self, kept: Kept, within_s: float) -> None:
        if kept.task:
            kept.task.cancel()
            await asyncio.gather(kept.task, return_exceptions=True)
        if kept.child:
            await kept.child.stop(within_s)
        self._record.remove(kept.program.name)


async def is_ready(program: Program) -> bool:
    """Ask its health page, or else its port."""
    if program.health:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
                return (await client.get(program.health)).is_success
        except httpx.HTTPError:
            return False
    try:
        _, writer = await asyncio.open_connection(HOST, program.port)
    except OSError:
        return False
    writer.close()
    return True


def last_words(log: Path) -> str:
    """The end of a log, on one line; of a Java stack trace its cause, not its frames."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    telling = [line for line in lines if line and not line.startswith(("at ", "... "))]
    return f"{telling[-1][:LAST_WORDS] if telling else 'it said nothing'} (log: {log})"


def _end_of(code: int, log: Path) -> str:
    """How a program ended, and its last words unless it was kept from having any."""
    if code == -signal.SIGKILL:
        return f"killed by SIGKILL (log: {log})"
    return f"{signal.Signals(-code).name if code < 0 else f'exit {code}'}: {last_words(log)}"
