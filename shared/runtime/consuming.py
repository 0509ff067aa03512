"""FastStream, for consuming only: how its broker signs in, and how its subscribers hand records to the delivery policy.

NACK_ON_ERROR is the one acknowledgement policy that lost no record (docs/decisions/0002).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram512

from shared.runtime import logs
from shared.runtime.delivery import Delivery
from shared.runtime.kafka import group_of, ssl_context
from shared.runtime.settings import ServiceSettings

BATCH_RECORDS = 500
POLL_WITHIN_MS = 600_000
"""Longest time between two polls; above the delivery policy's attempts at one batch."""

log = logs.get("consuming")


class ConsumingErrors:
    """FastStream's logger. Without one, a refused commit, Kafka's error or a crashed consumer would go unseen.

    Its lines and its own logger quote what was raised, which may hold a record: an error becomes a line of ours.
    """

    def log(
        self, level: int, _line: object, /, *, exc_info: object = None, extra: Mapping[str, object] | None = None
    ) -> None:
        """Errors alone: below them FastStream counts batches, and warns that it creates no topics, as it is told."""
        if level >= logging.ERROR:
            facts = extra or {}
            log.error("consuming failed", topic=facts.get("topic"), group=facts.get("group_id"), error=exc_info)


def consumer_broker(settings: ServiceSettings) -> KafkaBroker:
    """A broker that publishes nothing."""
    secure = settings.kafka_security == "SASL_SSL"
    security = SASLScram512(
        username=settings.process,
        password=settings.password("kafka-password"),
        use_ssl=secure,
        ssl_context=ssl_context(settings) if secure else None,
    )
    return KafkaBroker(
        settings.kafka_servers.split(","),
        security=security,
        client_id=settings.process,
        apply_types=False,
        graceful_timeout=settings.stop_within_s,
        allow_auto_create_topics=False,
        consumer_only=True,
        logger=ConsumingErrors(),
    )


def subscribe(broker: KafkaBroker, service: str, delivery: Delivery[Any]) -> Any:
    """Consume the delivery's topic as this service, once the subscriber that this returns is started."""
    subscriber = broker.subscriber(
        delivery.topic,
        batch=True,
        max_records=BATCH_RECORDS,
        group_id=group_of(service, delivery.topic),
        ack_policy=AckPolicy.NACK_ON_ERROR,
        auto_offset_reset="earliest",
        max_poll_interval_ms=POLL_WITHIN_MS,
        parser=_sanitising_parser,
        decoder=_undecoded,
    )
    subscriber(delivery.__call__)
    return subscriber


async def _sanitising_parser(raw: tuple[ConsumerRecord, ...], original: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream skips a record with a null or non-UTF-8 header and commits past it: replace such headers first."""
    return await original(tuple(_sanitised(record) for record in raw))


async def _undecoded(message: Any, _original: Any) -> Any:
    """Give the policy the records themselves: it decodes their values, and knows what to do with a broken one."""
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
