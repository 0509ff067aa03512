"""Group commit: requests that arrive during a flush go out together; all their origins, then all their leaks."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from services.gateway.acts import Unavailable
from shared.events.origins import UnprovenOrigin
from shared.runtime import logs, metrics
from shared.runtime.envelope import Outgoing
from shared.runtime.errors import Transient
from shared.runtime.kafka import Publisher
from shared.seals.errors import KeyMissing

FLUSHES_IN_FLIGHT = 2
# What waits is memory; beyond this a client does better to come back later.
MOST_WAITING = 4_000
WITHIN_S = 10.0
RETRY_AFTER_S = 5

log = logs.get("gateway")


class Sender(Protocol):
    """Makes records durable."""

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Return when every record is durable; raise Transient or KafkaError when one may not be."""


@dataclass(slots=True)
class _Waiting:
    origin: UnprovenOrigin
    leak: Outgoing
    since: float
    done: "asyncio.Future[None]"


Sign = Callable[[Sequence[UnprovenOrigin]], Sequence[Outgoing]]
"""Origins as records, each with its proof that it stands in this batch. Raises KeyMissing."""


class Intake:
    """Takes an origin and its leak; both are durable when `take` returns, the origin first."""

    def __init__(self, sender: Sender, sign: Sign, within_s: float = WITHIN_S) -> None:
        self._sender = sender
        self._sign = sign
        self._within_s = within_s
        self._waiting: list[_Waiting] = []
        self._free = FLUSHES_IN_FLIGHT
        self._flushes: set[asyncio.Task[None]] = set()
        self._scheduled = False

    async def take(self, origin: UnprovenOrigin, leak: Outgoing) -> None:
        """Return when both are durable. Unavailable otherwise: Kafka may then hold the origin alone, or both."""
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable(RETRY_AFTER_S)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(origin, leak, loop.time(), loop.create_future())
        self._waiting.append(waiting)
        self._schedule(loop)
        await waiting.done

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        # At the end of this round of the loop, so that requests of the same round share a flush.
        if self._free and self._waiting and not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._scheduled = False
        group, self._waiting = self._waiting, []
        self._free -= 1
        task = asyncio.get_running_loop().create_task(self._flush(group))
        self._flushes.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._flushes.discard(task)
        self._free += 1
        self._schedule(task.get_loop())

    async def _flush(self, group: list[_Waiting]) -> None:
        now = asyncio.get_running_loop().time()
        fresh = [waiting for waiting in group if now - waiting.since < self._within_s]
        refused: Exception | None = None
        try:
            async with asyncio.timeout(self._within_s):
                await self._sender.send(self._sign([waiting.origin for waiting in fresh]))
                await self._sender.send([waiting.leak for waiting in fresh])
        except (KafkaError, KeyMissing, Transient, TimeoutError) as away:
            refused = away
        except Exception as bug:  # noqa: BLE001  # every request of the group needs an answer, whatever broke
            refused = bug
        if refused is not None:
            log.warning("leaks were not accepted", count=len(fresh), error_class=type(refused).__name__)
            fresh = []
        kept = {id(waiting) for waiting in fresh}
        for waiting in group:
            if waiting.done.done():
                continue
            if id(waiting) in kept:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(Unavailable(RETRY_AFTER_S))
        metrics.ACCEPTED.inc(len(fresh))
        metrics.NOT_ACCEPTED.inc(len(group) - len(fresh))


class PrebuiltBatches:
    """Sends records as one ready batch a partition, on the partition that their key has everywhere else."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        # Remembered, because a leak and its origin have one key and the hash is pure Python.
        self._partition_of = lru_cache(maxsize=8_192)(DefaultPartitioner())

    async def send(self, records: Sequence[Outgoing]) -> None:
        """One batch for each partition that is concerned, all at once."""
        grouped: dict[tuple[str, int], list[Outgoing]] = {}
        async with self._publisher.connected() as producer:
            for topic in {record.topic for record in records}:
                partitions = tuple(sorted(await producer.partitions_for(topic)))
                for record in records:
                    if record.topic == topic:
                        partition = self._partition_of(record.key, partitions, partitions)
                        grouped.setdefault((topic, partition), []).append(record)
            sends = [_send_partition(producer, *place, part) for place, part in grouped.items()]
            await asyncio.gather(*sends)
        for (topic, _), part in grouped.items():
            metrics.PUBLISHED.labels(topic).inc(len(part))


async def _send_partition(producer: AIOKafkaProducer, topic: str, partition: int, records: list[Outgoing]) -> None:
    durable = []
    for batch in _batches(producer, records):
        future = await producer.send_batch(batch, topic, partition=partition)
        # A flush that gave up leaves nobody to look at a late failure.
        future.add_done_callback(_look_at)
        durable.append(future)
    await asyncio.gather(*durable)


def _batches(producer: AIOKafkaProducer, records: list[Outgoing]) -> list[BatchBuilder]:
    batches = [producer.create_batch()]
    for record in records:
        headers = list(record.headers)
        if batches[-1].append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
            batches.append(producer.create_batch())
            if batches[-1].append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
                raise ValueError("a record larger than a whole batch")
    for batch in batches:
        batch.close()
    return batches


def _look_at(future: "asyncio.Future[object]") -> None:
    if not future.cancelled():
        future.exception()
