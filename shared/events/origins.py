"""Where a leak came from, sealed to audit."""

from typing import ClassVar

from shared.events.event import LeakEvent, Moment, Sealed


class OriginCaptured(LeakEvent):
    """The origin of one accepted request; durable before the leak itself is."""

    TOPIC: ClassVar[str] = "origin.captured.v1"
    captured_at: Moment
    origin: Sealed
