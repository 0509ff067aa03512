"""Publishes events as a process, as fast as its producer can, and waits for what others publish."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import ClassVar

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError

from local.stack import RealParts
from shared.events.event import Event
from shared.runtime.kafka import Publisher
from shared.runtime.settings import ServiceSettings, settings_config

CHUNK = 2_000
WITHIN_S = 600


def settings_of(parts: RealParts, process: str) -> ServiceSettings:
    """What every process has, for one that is not running."""

    class Settings(ServiceSettings):
        model_config = settings_config("BENCH_")
        SERVICE: ClassVar[str] = process

    return Settings.model_validate(parts.settings(process))


async def publish(parts: RealParts, process: str, events: Sequence[Event]) -> None:
    """Durable when it returns."""
    publisher = Publisher(settings_of(parts, process))
    async with asyncio.timeout(WITHIN_S):
        while publisher.producer is None:
            # A user that the set-up step has just made may be unknown for a moment.
            with contextlib.suppress(KafkaConnectionError):
                await publisher.start()
    try:
        for at in range(0, len(events), CHUNK):
            await publisher.publish(*events[at : at + CHUNK])
    finally:
        await publisher.stop()


async def told(parts: RealParts, topic: str, count: int) -> list[bytes]:
    """The first `count` records of a topic, as they come; TimeoutError when they don't."""
    consumer = AIOKafkaConsumer(topic, **parts.kafka_login("admin"), auto_offset_reset="earliest")
    await consumer.start()
    values: list[bytes] = []
    try:
        async with asyncio.timeout(WITHIN_S):
            while len(values) < count:
                for records in (await consumer.getmany(timeout_ms=1_000)).values():
                    values.extend(record.value for record in records)
    finally:
        await consumer.stop()
    return values
