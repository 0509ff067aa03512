"""What moderation decided, and whom it warned."""

from typing import ClassVar, Literal, Self

from pydantic import NonNegativeInt, model_validator

from shared.events.event import Digest, Kind, Language, LeakEvent, Moment, Relation, Sealed, SealedToReceipt

APPROVED_FIELDS = (
    "deliver_at",
    "recipient",
    "recipient_pseudonym",
    "domain_pseudonym",
    "message",
    "relation",
    "kind",
    "language",
)


class LeakDecided(LeakEvent):
    """Moderation's word on one leak. Readers keep the highest revision."""

    TOPIC: ClassVar[str] = "leak.decided.v1"
    revision: NonNegativeInt
    outcome: Literal["approved", "held", "rejected", "withdrawn"]
    decided_at: Moment
    automated: bool
    policy: str | None = None
    policy_version: str | None = None
    statement: SealedToReceipt | None = None
    deliver_at: Moment | None = None
    recipient: Sealed | None = None
    recipient_pseudonym: Digest | None = None
    domain_pseudonym: Digest | None = None
    message: Sealed | None = None
    relation: Relation | None = None
    kind: Kind | None = None
    language: Language | None = None

    @property
    def act(self) -> str:
        """The revision: approve, undo and approve again are three events."""
        return str(self.revision)

    @model_validator(mode="after")
    def _content_goes_only_with_an_approval(self) -> Self:
        given = [name for name in APPROVED_FIELDS if getattr(self, name) is not None]
        if self.outcome == "approved" and len(given) != len(APPROVED_FIELDS):
            raise ValueError("an approved leak carries its letter and the planned time of sending")
        if self.outcome != "approved" and given:
            raise ValueError("only an approved leak carries its letter")
        return self


class ThreatEscalated(LeakEvent):
    """A moderator saw a threat to life or safety (DSA art. 18); the message is sealed to audit."""

    TOPIC: ClassVar[str] = "threat.escalated.v1"
    escalated_at: Moment
    policy: str
    message: Sealed
