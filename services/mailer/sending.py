"""Takes the mails that are due and keeps several in flight, so that no domain's trouble stalls the others."""

import asyncio
from collections import Counter
from typing import Final
from weakref import WeakValueDictionary

from services.mailer.attempts import Attempts
from services.mailer.domain import Job
from services.mailer.store.mails import Mails
from services.mailer.transports import Unreachable
from shared.runtime import logs
from shared.runtime.clock import Clock

log = logs.get("mailer")

ROUND_S: Final = 1.0
"""A round of taking returns after this time, so that a stop is not kept waiting."""
GATHER_S: Final = 0.02
AHEAD: Final = 5
"""Mails a connection that are taken before there is room on the wire."""
PAUSES_S: Final = (1, 2, 5, 10, 20, 40, 60)
"""Waits while the relay can't be reached."""


class Sending:
    """Takes some mails a connection ahead, since taking costs the store much more than one mail's part in it.

    A domain gets a quarter of what is taken and half of the wires.
    """

    def __init__(self, mails: Mails, attempts: Attempts, connections: int, clock: Clock) -> None:
        self._mails = mails
        self._attempts = attempts
        self._room = AHEAD * connections
        self._per_domain = max(1, self._room // 4)
        self._wires = max(1, connections // 2)
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._clock = clock
        self._flying: set[asyncio.Task[None]] = set()
        self._busy: Counter[str] = Counter()
        self._failures = 0
        self._paused_until = 0.0
        self._stopping = False

    async def send_due(self) -> None:
        """Take and launch what is due, until nothing is, or for a second."""
        loop = asyncio.get_running_loop()
        until = loop.time() + ROUND_S
        while loop.time() < until and not self._stopping:
            room = self._room - len(self._flying)
            if room < self._room // 2:
                await asyncio.wait(self._flying, timeout=ROUND_S, return_when=asyncio.FIRST_COMPLETED)
                continue
            # While the relay is away, mails that must not go are still ended.
            paused = loop.time() < self._paused_until
            jobs = await self._mails.take(room, self._busy, self._per_domain, self._clock(), halted_only=paused)
            if not jobs:
                return
            for job in jobs:
                self._launch(job)
            await asyncio.sleep(GATHER_S)

    async def landed(self) -> None:
        """Wait until nothing is in flight."""
        while self._flying:
            await asyncio.wait(self._flying)

    async def stop(self, within_s: float) -> None:
        """Finish what is on the wire, give back the rest."""
        self._stopping = True
        self._attempts.stop()
        if self._flying:
            await asyncio.wait(self._flying, timeout=within_s)
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)

    def _launch(self, job: Job) -> None:
        self._busy[job.domain] += 1
        task = asyncio.create_task(self._fly(job))
        self._flying.add(task)
        task.add_done_callback(lambda landed: self._land(landed, job))

    def _land(self, task: asyncio.Task[None], job: Job) -> None:
        self._flying.discard(task)
        self._busy[job.domain] -= 1
        if not self._busy[job.domain]:
            del self._busy[job.domain]

    async def _fly(self, job: Job) -> None:
        lane = self._lanes.get(job.domain) or asyncio.Semaphore(self._wires)
        self._lanes[job.domain] = lane
        try:
            async with lane:
                await self._attempts.make(job)
            self._failures = 0
        except Unreachable:
            await self._attempts.give_back(job, self._pause())
        except Exception as error:  # noqa: BLE001  # one mail's bug must not stop the others
            # Its lease ends by itself, and with it this attempt; what the journal lacks by then counts as unknown.
            log.warning("an attempt failed", error_class=type(error).__name__, where=logs.where(error))

    def _pause(self) -> float:
        now = asyncio.get_running_loop().time()
        if now >= self._paused_until:
            wait = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
            self._failures += 1
            self._paused_until = now + wait
            log.warning("waiting", waiting_for="the mail relay", seconds=wait)
        return self._paused_until - now
