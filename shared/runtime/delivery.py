"""The one delivery policy. A record is handled, or waited for, or kept as a dead letter; never dropped.

When `Delivery.__call__` returns, offsets are committed; when it raises, the batch is sought back and comes again
(consuming.py). Inside it, a poison record is found and dead-lettered alone.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiokafka import ConsumerRecord

from shared.events.event import Event
from shared.runtime import logs, metrics, trace
from shared.runtime.envelope import Received, incoming
from shared.runtime.errors import Permanent, Transient, is_permanent, is_transient

log = logs.get("delivery")
E = TypeVar("E", bound=Event)
Handler = Callable[[Sequence[Received[E]]], Awaitable[None]]
DeadLetterSink = Callable[[ConsumerRecord, BaseException, int], Awaitable[None]]
Readable = tuple[ConsumerRecord, Received[E]]


@dataclass(frozen=True)
class Policy:
    """How often and how long. Times in seconds."""

    transient_attempts: int = 6
    bug_attempts: int = 3
    first_wait_s: float = 0.1
    longest_wait_s: float = 10.0
    dead_ratio: float = 0.5
    dead_window: int = 100
    dead_at_least: int = 20


class Halted(Transient):
    """Too many dead letters: something is wrong with us, not with the records."""


class DeadRatio:
    """Counts how many of the last records died; past the ratio, the service stops instead of draining the topic."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._last: deque[bool] = deque(maxlen=policy.dead_window)

    @property
    def halted(self) -> bool:
        """Whether to stop."""
        dead = sum(self._last)
        return dead >= self._policy.dead_at_least and dead / len(self._last) > self._policy.dead_ratio

    def count(self, *, died: bool, records: int = 1) -> None:
        """Remember how records ended."""
        self._last.extend([died] * records)


class Delivery(Generic[E]):
    """Delivers the records of one topic to one handler under the policy."""

    def __init__(self, model: type[E], handler: Handler[E], bury: DeadLetterSink, policy: Policy | None = None) -> None:
        self.topic = model.TOPIC
        self.model = model
        self.handle = handler
        """One attempt, outside the policy: its errors reach the caller."""
        self._bury = bury
        self._policy = policy or Policy()
        self._ratio = DeadRatio(self._policy)
        self.busy_since: float | None = None

    @property
    def halted(self) -> bool:
        """Whether too many records died."""
        return self._ratio.halted

    async def __call__(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle a batch; returns when every record of it is handled or dead, raises to see it again."""
        self.busy_since = time.monotonic()
        try:
            if self.halted:
                await asyncio.sleep(self._policy.longest_wait_s)
                raise Halted("too many dead letters")
            with metrics.HANDLE_SECONDS.labels(self.topic).time():
                readable = await self._decode(records)
                trace.follow({one.event.subject: one.traceparent for _, one in readable if one.traceparent})
                await self._deliver(readable)
        finally:
            self.busy_since = None

    async def _decode(self, records: Sequence[ConsumerRecord]) -> list[Readable[E]]:
        readable = []
        for record in records:
            try:
                readable.append((record, incoming(record, self.model)))
            except Permanent as unreadable:
                await self._die(record, unreadable, 1)
        return readable

    async def _deliver(self, readable: list[Readable[E]]) -> None:
        if not readable:
            return
        error, attempts = await self._attempt([received for _, received in readable])
        if error is None:
            metrics.HANDLED.labels(self.topic).inc(len(readable))
            self._ratio.count(died=False, records=len(readable))
        elif len(readable) == 1:
            await self._die(readable[0][0], error, attempts)
        else:
            # A record of the batch is poison: halving finds it in few attempts, and spares the others a dead letter.
            middle = len(readable) // 2
            await self._deliver(readable[:middle])
            await self._deliver(readable[middle:])

    async def _attempt(self, received: Sequence[Received[E]]) -> tuple[Exception | None, int]:
        """(None, attempts) when handled, the error when no attempt will help; raises while a dependency is away."""
        attempt = 0
        while True:
            attempt += 1
            try:
                await self.handle(received)
            except Exception as error:  # noqa: BLE001  # whatever a handler raises decides about its records here
                last = await self._judge(error, attempt, len(received))
                if last:
                    return error, attempt
            else:
                return None, attempt

    async def _judge(self, error: Exception, attempt: int, size: int) -> bool:
        """Whether this was the last attempt; waits when it was not; raises when the batch must come again."""
        transient, permanent = is_transient(error), is_permanent(error)
        kind = "transient" if transient else "permanent" if permanent else "bug"
        metrics.FAILED.labels(self.topic, kind).inc()
        log.warning("a handler failed", topic=self.topic, attempt=attempt, reason=kind, batch=size, error=error)
        if permanent or (not transient and (attempt >= self._policy.bug_attempts or size > 1)):
            return True
        if attempt >= self._policy.transient_attempts:
            raise error
        metrics.RETRIED.labels(self.topic).inc()
        await asyncio.sleep(backoff(attempt, self._policy))
        return False

    async def _die(self, record: ConsumerRecord, error: Exception, attempts: int) -> None:
        await self._bury(record, error, attempts)
        metrics.DEAD.labels(self.topic).inc()
        self._ratio.count(died=True)
        log.error(
            "a record is dead",
            topic=self.topic,
            partition=record.partition,
            offset=record.offset,
            attempts=attempts,
            error=error,
        )


def backoff(attempt: int, policy: Policy) -> float:
    """Seconds to wait after the nth attempt: doubling, capped, with full jitter (AWS Architecture Blog, 2015)."""
    return random.uniform(0, min(policy.longest_wait_s, policy.first_wait_s * 2**attempt))  # noqa: S311
