"""What all events have in common: frozen, tolerant to new fields, named by what they concern and what happened."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, StringConstraints

HEX_128 = r"^[0-9a-f]{32}$"
HEX_256 = r"^[0-9a-f]{64}$"

Id = Annotated[str, StringConstraints(pattern=HEX_128)]
"""128 bits in lower-case hexadecimal."""

Digest = Annotated[str, StringConstraints(pattern=HEX_256)]
"""SHA-256, or HMAC-SHA-256, in lower-case hexadecimal."""

Sealed = Annotated[str, StringConstraints(pattern=r"^lk1(\.[A-Za-z0-9_-]+){3}$", max_length=32_768)]
"""Opaque here; `shared/sealing.py` says what is in it."""

SealedToReceipt = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=16_384)]
"""HPKE to the public half of a receipt's key pair, base64url."""

PublicKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""An X25519 public key, base64url without padding."""

Relation = Literal["friend", "coworker", "family", "friend_of_friend", "classmate", "neighbour", "admirer", "someone"]
Kind = Literal["crush", "joke", "confidence", "thanks", "revelation", "other"]
Language = Literal["en", "fr"]


def _to_utc_text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, PlainSerializer(_to_utc_text, return_type=str, when_used="json")]


class Event(BaseModel):
    """One thing that happened. `TOPIC` is where it is told; `subject` is the id it concerns."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
    TOPIC: ClassVar[str]

    @property
    def subject(self) -> str:
        """The id this event concerns; also the Kafka key unless `key` says otherwise."""
        raise NotImplementedError

    @property
    def act(self) -> str:
        """Tells apart several events of one topic about one subject: a revision, or nothing."""
        return ""

    @property
    def topic(self) -> str:
        """Where this event is told."""
        return self.TOPIC

    @property
    def key(self) -> str:
        """What Kafka keeps in order."""
        return self.subject

    @property
    def event_id(self) -> str:
        """The same for every repeat of the same event, so that a repeat is seen as one."""
        return f"{self.topic}/{self.subject}" + (f"/{self.act}" if self.act else "")


class LeakEvent(Event):
    """An event in the life of one leak."""

    leak_id: Id

    @property
    def subject(self) -> str:
        """The leak."""
        return self.leak_id
