"""What moderation decided, and whom it warned."""

from typing import ClassVar, Literal, Self

from pydantic import NonNegativeInt, model_validator

from shared.events.event import LeakEvent, Moment
from shared.events.values import Kind, Language, Relation, Sealed, SealedToReceipt

APPROVED_FIELDS = (
    "deliver_at",
    "sealed_recipient",
    "sealed_message",
    "sealed_report_link",
    "relation",
    "kind",
    "language",
)


class LeakDecided(LeakEvent):
    """Moderation's decision on one leak. Readers keep the highest revision.

    Times are whole minutes: a reader that also sees mails must not be able to pair them by time. The note to the
    receipt is in every decision, with or without words, so that neither its presence nor its length tells the policy.
    """

    TOPIC: ClassVar[str] = "leak.decided.v1"
    revision: NonNegativeInt
    outcome: Literal["approved", "held", "rejected", "withdrawn"]
    decided_at: Moment
    automated: bool
    sealed_note: SealedToReceipt
    deliver_at: Moment | None = None
    sealed_recipient: Sealed | None = None
    sealed_message: Sealed | None = None
    sealed_report_link: Sealed | None = None
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
    """A moderator saw a threat to life or safety (DSA art. 18); message and policy are sealed to audit."""

    TOPIC: ClassVar[str] = "threat.escalated.v1"
    escalated_at: Moment
    sealed_threat: Sealed
