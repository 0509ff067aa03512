"""Sends the mails that are due, several at once, so that no domain's trouble stalls the others."""

import asyncio
import random
from collections import Counter, deque
from contextlib import suppress
from typing import Final

from services.mailer.attempts import Attempts
from services.mailer.domain import Job
from services.mailer.outbox import JournaledBatch, OutcomeOutbox
from services.mailer.store.mails import Mails
from services.mailer.transports import Unreachable
from shared.runtime import logs
from shared.runtime.clock import Clock

log = logs.get("mailer")

SEND_FOR_S: Final = 1.0
"""`send_due` returns after this time, so that a stop is not kept waiting."""
AHEAD: Final = 20
"""Mails a connection that are seen at one look: a look costs the store much more than one mail's part in it."""
PAUSES_S: Final = (1, 2, 5, 10, 20, 40, 60)
"""Waits while the relay can't be reached."""


class Sending:
    """Looks at what is due and has one attempt under way a connection; a domain gets half of them."""

    def __init__(self, mails: Mails, attempts: Attempts, outbox: OutcomeOutbox, connections: int, clock: Clock) -> None:
        self._mails = mails
        self._attempts = attempts
        self._outbox = outbox
        self._connections = connections
        self._per_domain = max(1, connections // 2)
        self._clock = clock
        self._seen: deque[Job] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flying: set[str] = set()
        self._landing = asyncio.Event()
        self._busy: Counter[str] = Counter()
        self._failures = 0
        self._paused_until = 0.0
        self._stopping = False

    async def send_due(self) -> None:
        """Launch what is due, until nothing is, or for a second."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SEND_FOR_S
        in_vain = False
        while loop.time() < until and not self._stopping:
            room = len(self._flying) < self._connections
            if room and (job := self._next()):
                self._launch(job)
            elif room and not in_vain:
                in_vain = not await self._look()
            elif self._flying and (self._seen or not room):
                await self._until_one_lands()
            else:
                return

    def _next(self) -> Job | None:
        """The next one of those seen whose domain has room; the others keep their places."""
        for _ in range(len(self._seen)):
            job = self._seen.popleft()
            if not job.domain_digest or self._busy[job.domain_digest] < self._per_domain:
                return job
            self._seen.append(job)
        return None

    async def _look(self) -> bool:
        """See more of what is due; False when there is no more."""
        full = [domain for domain, busy in self._busy.items() if busy >= self._per_domain]
        # While the relay is away, mails that must not go are still ended.
        paused = asyncio.get_running_loop().time() < self._paused_until
        at_most = self._connections * AHEAD
        due = await self._mails.due(at_most, self._clock(), passing_over=full, halted_only=paused)
        known = self._flying | {job.id for job in self._seen}
        new = [job for job in due if job.id not in known]
        # In any order, so that replicas that see the same mails seldom want the same one.
        self._seen.extend(random.sample(new, len(new)))
        return bool(new)

    async def landed(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, within_s: float) -> None:
        """Finish what is on the wire, give back the rest."""
        self._stopping = True
        self._attempts.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until_one_lands(self) -> None:
        self._landing.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._landing.wait(), SEND_FOR_S)

    def _launch(self, job: Job) -> None:
        self._flying.add(job.id)
        self._busy[job.domain_digest] += 1
        task = asyncio.create_task(self._fly(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _land(self, job: Job) -> None:
        self._flying.discard(job.id)
        self._busy[job.domain_digest] -= 1
        if not self._busy[job.domain_digest]:
            del self._busy[job.domain_digest]
        self._landing.set()

    async def _fly(self, job: Job) -> None:
        try:
            batch = await self._attempted(job)
        finally:
            # What follows needs no connection.
            self._land(job)
        if batch is not None:
            try:
                await self._outbox.publish(batch)
            except Exception as error:  # noqa: BLE001  # the sweep publishes what is not published here
                log.warning("an outcome was not published", error=error)

    async def _attempted(self, job: Job) -> JournaledBatch | None:
        try:
            batch = await self._attempts.make(job)
        except Unreachable as away:
            self._pause(away)
        except Exception as error:  # noqa: BLE001  # one mail's bug must not stop the others
            # Its lease ends by itself, and with it this attempt; what the journal lacks by then counts as unknown.
            log.warning("an attempt failed", error=error)
        else:
            self._failures = 0
            return batch
        return None

    def _pause(self, away: Unreachable) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._paused_until:
            wait = PAUSES_S[min(self._failures, len(PAUSES_S) - 1)]
            self._failures += 1
            self._paused_until = now + wait
            # Nothing that was seen can go now.
            self._seen.clear()
            log.warning("waiting", waiting_for="the mail relay", seconds=wait, error=away)
