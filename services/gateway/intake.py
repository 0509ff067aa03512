"""Requests that arrive during a flush go out together in the next one: all their origins, then all their leaks."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from services.gateway.acts import Unavailable
from shared.runtime import logs, metrics
from shared.runtime.batching import Batcher
from shared.runtime.envelope import Outgoing
from shared.runtime.kafka import Publisher

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


class Intake:
    """Takes an origin and its leak; both are durable when `take` returns, the origin first."""

    def __init__(self, sender: Sender, within_s: float = WITHIN_S) -> None:
        self._sender = sender
        self._within_s = within_s
        self._flushes: Batcher[tuple[Outgoing, Outgoing], None] = Batcher(
            self._flush, in_flight=FLUSHES_IN_FLIGHT, at_most=MOST_WAITING, within_s=within_s
        )

    async def take(self, origin: Outgoing, leak: Outgoing) -> None:
        """Return when both are durable. Unavailable otherwise: Kafka may then hold the origin alone, or both."""
        try:
            await self._flushes.do((origin, leak))
        except Exception as refused:
            metrics.NOT_ACCEPTED.inc()
            raise Unavailable(RETRY_AFTER_S) from refused

    async def _flush(self, taken: Sequence[tuple[Outgoing, Outgoing]]) -> Sequence[None]:
        try:
            async with asyncio.timeout(self._within_s):
                await self._sender.send([origin for origin, _ in taken])
                await self._sender.send([leak for _, leak in taken])
        except Exception as refused:
            log.warning("leaks were not accepted", count=len(taken), error=refused)
            raise
        metrics.ACCEPTED.inc(len(taken))
        return [None] * len(taken)


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
