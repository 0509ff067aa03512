"""Stands in for Kafka: remembers what was published, and can be made to refuse."""

from collections.abc import Sequence
from typing import TypeVar

from shared.events.event import Event
from shared.runtime.envelope import Outgoing
from shared.runtime.errors import Transient

E = TypeVar("E", bound=Event)


class RecordingPublisher:
    """Has the shape of `shared.runtime.kafka.Publisher`."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.published: list[Event] = []
        self.sent: list[Outgoing] = []
        self.away = False

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to disconnect from."""

    async def publish(self, *events: Event) -> None:
        if self.away:
            raise Transient("Kafka is away")
        self.published.extend(events)

    async def send(self, records: Sequence[Outgoing]) -> None:
        if self.away:
            raise Transient("Kafka is away")
        self.sent.extend(records)

    def of(self, model: type[E]) -> list[E]:
        """What was published of one kind."""
        return [event for event in self.published if isinstance(event, model)]
