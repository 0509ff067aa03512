"""The proof that the sender holds the address."""

from typing import ClassVar

from shared.events.event import Event, Moment
from shared.events.values import Id, Language, Sealed, TokenDigest


class SenderChallenged(Event):
    """A confirmation mail is due."""

    TOPIC: ClassVar[str] = "sender.challenged.v1"
    challenge_id: Id
    challenged_at: Moment
    expires_at: Moment
    sealed_challenge: Sealed
    language: Language

    @property
    def subject(self) -> str:
        """The challenge; never the leak, so that the mailer can't join both mails."""
        return self.challenge_id


class TokenUsed(Event):
    """Somebody pressed a button reached by a link in a mail; only the token's digest travels."""

    token_digest: TokenDigest

    @property
    def subject(self) -> str:
        """The token's digest."""
        return self.token_digest


class ConfirmationClicked(TokenUsed):
    """The button behind the confirmation link was pressed."""

    TOPIC: ClassVar[str] = "confirmation.clicked.v1"
    clicked_at: Moment


class SenderStopped(TokenUsed):
    """The holder of a sender's address refuses confirmation mails: "This wasn't me, never again"."""

    TOPIC: ClassVar[str] = "sender.stopped.v1"
    stopped_at: Moment
