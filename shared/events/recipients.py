"""What a recipient does with a mail."""

from typing import ClassVar, Literal

from shared.events.confirmations import TokenUsed
from shared.events.event import Moment
from shared.events.values import Sealed, SealedToken

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


class SealedTokenUsed(TokenUsed):
    """A token that leads somewhere by itself: its sealed part, and the digest of its secret part."""

    sealed_token: SealedToken


class RecipientBlocked(SealedTokenUsed):
    """Never write to this address again."""

    TOPIC: ClassVar[str] = "recipient.blocked.v1"
    blocked_at: Moment


class LeakReported(SealedTokenUsed):
    """The recipient says that the mail harms; details are sealed to moderation."""

    TOPIC: ClassVar[str] = "leak.reported.v1"
    reported_at: Moment
    reason: ReportReason
    sealed_details: Sealed

    @property
    def act(self) -> str:
        """Each report of one mail is an act of its own."""
        return self.reported_at.strftime("%Y%m%dT%H%M%S%fZ")
