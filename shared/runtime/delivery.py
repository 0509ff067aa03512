"""The one delivery policy. A record is handled, or waited for, or kept as a dead letter; never dropped.

FastStream consumes with NACK_ON_ERROR: when `Delivery.__call__` returns, offsets are committed; when it raises, the
batch is sought back and comes again. Inside it, a poison record is found and dead-lettered alone.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from shared.runtime import logs, metrics, trace
from shared.runtime.envelope import Event
from shared.runtime.errors import Permanent, Transient, is_permanent, is_transient

log = logs.get("delivery")
E = TypeVar("E", bound=Event)
Handler = Callable[[Sequence[E]], Awaitable[None]]
DeadLetterSink = Callable[["Received[Any]", BaseException, int], Awaitable[None]]


@dataclass(frozen=True)
class Received(Generic[E]):
    """A record as it came, and the event in it."""

    record: ConsumerRecord
    event: E


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

    def __init__(
        self, topic: str, model: type[E], handler: Handler[E], bury: DeadLetterSink, policy: Policy | None = None
    ) -> None:
        self.topic = topic
        self._model = model
        self._handler = handler
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
                received = await self._decode(records)
                trace.follow(_traces(received))
                await self._deliver(received)
        finally:
            self.busy_since = None

    async def _decode(self, records: Sequence[ConsumerRecord]) -> list[Received[E]]:
        received = []
        for record in records:
            try:
                received.append(Received(record, self._model.model_validate_json(record.value or b"")))
            except (ValidationError, ValueError):
                await self._die(Received(record, None), Permanent("not this topic's event"), 1)
        return received

    async def _deliver(self, received: list[Received[E]]) -> None:
        if not received:
            return
        error, attempts = await self._attempt(received)
        if error is None:
            metrics.HANDLED.labels(self.topic).inc(len(received))
            self._ratio.count(died=False, records=len(received))
        elif len(received) == 1:
            await self._die(received[0], error, attempts)
        else:
            # A record of the batch is poison: halving finds it in few attempts, and spares the others a dead letter.
            middle = len(received) // 2
            await self._deliver(received[:middle])
            await self._deliver(received[middle:])

    async def _attempt(self, received: list[Received[E]]) -> tuple[Exception | None, int]:
        """(None, attempts) when handled, the error when no attempt will help; raises while a dependency is away."""
        events = [one.event for one in received]
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._handler(events)
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
        log.warning(
            "a handler failed",
            topic=self.topic,
            attempt=attempt,
            reason=kind,
            batch=size,
            error_class=type(error).__name__,
            where=logs.where(error),
        )
        if permanent or (not transient and (attempt >= self._policy.bug_attempts or size > 1)):
            return True
        if attempt >= self._policy.transient_attempts:
            raise error
        metrics.RETRIED.labels(self.topic).inc()
        await asyncio.sleep(backoff(attempt, self._policy))
        return False

    async def _die(self, received: Received[Any], error: Exception, attempts: int) -> None:
        await self._bury(received, error, attempts)
        metrics.DEAD.labels(self.topic).inc()
        self._ratio.count(died=True)
        log.error(
            "a record is dead",
            topic=self.topic,
            partition=received.record.partition,
            offset=received.record.offset,
            attempts=attempts,
            error_class=type(error).__name__,
        )


def backoff(attempt: int, policy: Policy) -> float:
    """Seconds to wait after the nth attempt: doubling, capped, with full jitter (AWS Architecture Blog, 2015)."""
    return random.uniform(0, min(policy.longest_wait_s, policy.first_wait_s * 2**attempt))  # noqa: S311


async def sanitising_parser(raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream skips a record with a null or non-UTF-8 header and commits past it: replace such headers first."""
    if isinstance(raw, tuple):
        return await original(tuple(_sanitised(record) for record in raw))
    return await original(_sanitised(raw))


async def undecoded(message: Any, _original: Any) -> Any:
    """Give the handler the records themselves; their values are decoded under the policy."""
    return list(message.raw_message)


def _sanitised(record: ConsumerRecord) -> ConsumerRecord:
    if all(_is_text(value) for _, value in record.headers):
        return record
    return replace(record, headers=tuple((name, value if _is_text(value) else b"") for name, value in record.headers))


def _is_text(value: bytes | None) -> bool:
    try:
        return value is not None and value.decode() is not None
    except UnicodeDecodeError:
        return False


def _traces(received: Sequence[Received[Any]]) -> dict[str, str]:
    return {
        one.event.subject: value.decode()
        for one in received
        for name, value in one.record.headers
        if name == "ce_traceparent"
    }
