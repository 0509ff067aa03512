"""Events to Kafka records and back: CloudEvents 1.0, binary content mode (CloudEvents Kafka protocol binding, 3.2).

Headers are written here as the SDK writes them (a test compares both); its checks took half of a hot record's time.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from aiokafka import ConsumerRecord

from shared.events.event import Event
from shared.runtime.clock import to_the_minute, utc_now
from shared.runtime.errors import Permanent
from shared.runtime.trace import next_traceparent

DATA_TYPE = b"application/json"
SPEC_VERSION = b"1.0"
TRACEPARENT = "ce_traceparent"

E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Received(Generic[E_co]):
    """An event as it was read."""

    event: E_co
    place: str
    """topic/partition/offset: a repeat of this record has the same one, another record about the same has not."""
    traceparent: str | None = None


@dataclass(frozen=True)
class Outgoing:
    """A record ready to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def outgoing(event: Event, source: str) -> Outgoing:
    """The record of this event; `source` is the service that publishes it."""
    value = event.model_dump_json(exclude_none=True).encode()
    topic, subject, key = event.topic, event.subject, event.key.encode()
    return Outgoing(
        topic,
        key,
        value,
        (
            ("ce_id", event.event_id.encode()),
            ("ce_source", f"/leak/{source}".encode()),
            ("ce_type", topic.encode()),
            ("ce_subject", subject.encode()),
            ("ce_time", to_the_minute(utc_now()).isoformat().replace("+00:00", "Z").encode()),
            ("content-type", DATA_TYPE),
            ("ce_partitionkey", key),
            (TRACEPARENT, next_traceparent(subject).encode()),
            ("ce_specversion", SPEC_VERSION),
        ),
    )


def incoming(record: ConsumerRecord, model: type[E]) -> Received[E]:
    """The event of a record. Permanent when its value is no event of this model."""
    try:
        event = model.model_validate_json(record.value or b"")
    except ValueError:
        # Without its cause, whose text quotes the value.
        raise Permanent("not this topic's event") from None
    return Received(event, f"{record.topic}/{record.partition}/{record.offset}", _traceparent(record))


def _traceparent(record: ConsumerRecord) -> str | None:
    return next((value.decode() for name, value in record.headers if name == TRACEPARENT), None)


def timestamp_ms() -> int:
    """The time that Kafka keeps of a record sent now: a whole minute, since exact times pair what must stay apart."""
    return int(to_the_minute(utc_now()).timestamp() * 1_000)
