"""What the store takes and gives."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.events.event import Moment
from shared.events.origins import BatchProof
from shared.events.values import SealedText

UNCONFIRMED: Final = ("expired", "withdrawn")
"""How a leak ends that nobody confirmed."""

What = Literal["confirmed", "expired", "withdrawn", "decided", "delivered", "bounced", "suppressed", "stopped"]


@dataclass(frozen=True)
class StoredOrigin:
    """One sealed origin with what proves it. `stored_at`: when this service first stored it."""

    leak_id: str
    captured_at: Moment
    stored_at: Moment
    sealed_origin: SealedText
    proof: BatchProof
    ends_at: Moment
    expires_at: Moment


@dataclass(frozen=True)
class LeakOrigins:
    """What is stored as origins of one leak, the oldest first, and the `_id`s of documents that have not the form."""

    records: tuple[StoredOrigin, ...] = ()
    malformed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.records or self.malformed)


@dataclass(frozen=True)
class LeakStep:
    """One thing that is known to have happened to a leak. `act` tells apart several of one kind."""

    leak_id: str
    what: What
    at: datetime
    read_at: datetime
    ends_at: datetime
    act: str = ""
    outcome: str | None = None
    reason: str | None = None
    message_id_digest: str | None = None


@dataclass(frozen=True)
class UnexplainedDelivery:
    """A delivered leak whose origin was not there when its delivery was read."""

    leak_id: str
    delivered_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class StoredThreat:
    """A threat to life that moderation escalated; what it says is sealed."""

    leak_id: str
    at: datetime
    stored_at: datetime
    sealed_threat: SealedText
    expires_at: datetime
