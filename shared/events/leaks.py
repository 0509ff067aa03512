"""A leak before moderation: submitted, confirmed, or ended without being read by anyone."""

from typing import ClassVar, Literal

from shared.events.event import LeakEvent, Moment
from shared.events.values import Kind, Language, PublicKey, Relation, Sealed


class SealedLetter(LeakEvent):
    """What travels from the sender to the recipient: sealed parts, and what the sender chose."""

    sealed_recipient: Sealed
    sealed_message: Sealed
    relation: Relation
    kind: Kind
    language: Language


class UnreadLeak(SealedLetter):
    """A leak on its way to moderation, with the public half of its receipt's key pair."""

    sealed_pseudonyms: Sealed
    receipt_key: PublicKey


class LeakSubmitted(UnreadLeak):
    """The gateway accepted a leak; nobody has confirmed it."""

    TOPIC: ClassVar[str] = "leak.submitted.v1"
    submitted_at: Moment
    confirm_before: Moment
    sealed_sender: Sealed


class LeakConfirmed(UnreadLeak):
    """The sender proved to hold the address; who that is does not travel on."""

    TOPIC: ClassVar[str] = "leak.confirmed.v1"
    confirmed_at: Moment


class LeakExpired(LeakEvent):
    """Nobody confirmed in time."""

    TOPIC: ClassVar[str] = "leak.expired.v1"
    expired_at: Moment


class LeakWithdrawn(LeakEvent):
    """The leak ended before it was confirmed, or at its confirmation."""

    TOPIC: ClassVar[str] = "leak.withdrawn.v1"
    withdrawn_at: Moment
    reason: Literal["cancelled", "sender_limit", "sender_stopped"]


class LeakCancelled(LeakEvent):
    """The sender asks to stop the leak: a request, until whoever holds the leak says withdrawn or stopped."""

    TOPIC: ClassVar[str] = "leak.cancelled.v1"
    cancelled_at: Moment
