"""A record that a process could not handle."""

from typing import ClassVar

from pydantic import Base64Bytes, NonNegativeInt

from shared.events.event import Event, Moment


class DeadLetter(Event):
    """The raw record, where it came from, and why it was given up. One topic a process."""

    TOPIC: ClassVar[str] = "<process>.dead.v1"
    process: str
    from_topic: str
    partition: NonNegativeInt
    offset: NonNegativeInt
    record_key: Base64Bytes | None
    record_value: Base64Bytes | None
    record_headers: dict[str, Base64Bytes]
    error_class: str
    attempts: NonNegativeInt
    died_at: Moment

    @property
    def topic(self) -> str:
        """Each process has a dead-letter topic of its own."""
        return self.TOPIC.replace("<process>", self.process)

    @property
    def subject(self) -> str:
        """Where the record stands: the same record dies once, however often it is seen."""
        return f"{self.from_topic}/{self.partition}/{self.offset}"
