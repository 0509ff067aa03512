"""Events as Kafka records: CloudEvents 1.0, binary content mode (CloudEvents Kafka protocol binding, section 3.2)."""

from dataclasses import dataclass
from typing import Protocol, Self

from cloudevents.core.bindings.kafka import to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.runtime.clock import utc_now
from shared.runtime.trace import next_traceparent

JSON = JSONFormat()


class Event(Protocol):
    """What the runtime needs to know of an event."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def key(self) -> str: ...  # noqa: D102
    @property
    def event_id(self) -> str: ...  # noqa: D102
    def model_dump_json(self, *, exclude_none: bool = False) -> str: ...  # noqa: D102
    @classmethod
    def model_validate_json(cls, json_data: bytes, /) -> Self: ...  # noqa: D102


@dataclass(frozen=True)
class Outgoing:
    """A record ready to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


def outgoing(event: Event, source: str) -> Outgoing:
    """The record that tells this event; `source` is the service that says it."""
    value = event.model_dump_json(exclude_none=True).encode()
    attributes = {
        "id": event.event_id, "source": f"/leak/{source}", "type": event.topic, "subject": event.subject,
        "time": utc_now(), "datacontenttype": "application/json", "partitionkey": event.key,
        "traceparent": next_traceparent(event.subject),
    }
    message = to_binary(CloudEvent(attributes, value), JSON)
    return Outgoing(event.topic, event.key.encode(), value, tuple(message.headers.items()))
