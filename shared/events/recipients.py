"""What a recipient does with a mail."""

from typing import ClassVar, Literal

from shared.events.confirmations import TokenUsed
from shared.events.event import Moment, Sealed

ReportReason = Literal[
    "harassment",
    "threat",
    "sexual",
    "hate",
    "privacy",
    "self_harm",
    "scam",
    "impersonation",
    "other",
]


class RecipientBlocked(TokenUsed):
    """Never write to this address again."""

    TOPIC: ClassVar[str] = "recipient.blocked.v1"
    blocked_at: Moment


class LeakReported(TokenUsed):
    """The recipient says that the mail harms; details are sealed to moderation."""

    TOPIC: ClassVar[str] = "leak.reported.v1"
    reported_at: Moment
    reason: ReportReason
    details: Sealed | None = None

    @property
    def act(self) -> str:
        """Each report of one mail is an act of its own."""
        return self.reported_at.strftime("%Y%m%dT%H%M%S%fZ")
