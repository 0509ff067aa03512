"""Pure decisions about a leak between its submission and its end here; the first end counts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from shared.events.confirmations import SenderChallenged
from shared.events.event import LeakEvent
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakSubmitted, LeakWithdrawn
from shared.events.values import AddressDigestText, TokenDigestText
from shared.runtime.clock import to_the_millisecond

Ending = Literal["confirmed", "expired", "withdrawn"]
Reason = Literal["cancelled", "sender_limit", "sender_stopped"]

LETTER_FIELDS = frozenset(LeakConfirmed.model_fields) - {"confirmed_at"}


@dataclass(frozen=True)
class Pending:
    """What is stored of a leak that waits for its sender: sealed parts and digests, never the address."""

    leak_id: str
    sender_digest: AddressDigestText
    confirm_digest: TokenDigestText
    stop_digest: TokenDigestText
    expires_at: datetime
    letter: Mapping[str, Any] | None
    """What moderation gets once confirmed; None after it was erased."""
    challenge: SenderChallenged | None
    """None when no confirmation mail is due; the leak then expires like any other that nobody confirms."""


@dataclass(frozen=True)
class LeakOutcome:
    """How a leak ended here. The digests keep the stop link in the mail alive; a tombstone has none."""

    leak_id: str
    ending: Ending
    at: datetime
    reason: Reason | None = None
    sender_digest: AddressDigestText | None = None
    stop_digest: TokenDigestText | None = None
    click: str | None = None
    """Where the click that ended it stands in Kafka: its redelivery publishes again, another click does not."""


def letter_of(submitted: LeakSubmitted) -> dict[str, Any]:
    """The part of a leak that travels on: everything but the sender."""
    return submitted.model_dump(include=set(LETTER_FIELDS))


def may_be_challenged(submitted: LeakSubmitted, now: datetime, *, takes_mail: bool) -> bool:
    """Whether a confirmation mail is due; a refusal is silent, so that nobody can probe addresses by it."""
    return takes_mail and now < submitted.confirm_before


def confirmed(pending: Pending, clicked_at: datetime, click: str) -> LeakOutcome:
    """The sender pressed the button."""
    return replace(_outcome(pending, "confirmed", clicked_at), click=click)


def expired(pending: Pending) -> LeakOutcome:
    """Nobody pressed it in time."""
    return _outcome(pending, "expired", pending.expires_at)


def stopped(pending: Pending, at: datetime, click: str | None = None) -> LeakOutcome:
    """The holder of the address wants no confirmation mail, ever."""
    return replace(_outcome(pending, "withdrawn", at, "sender_stopped"), click=click)


def cancelled(leak_id: str, pending: Pending | None, at: datetime) -> LeakOutcome:
    """The receipt's holder cancelled; without a pending leak this is a tombstone that waits for it."""
    if pending is None:
        return LeakOutcome(leak_id, "withdrawn", to_the_millisecond(at), "cancelled")
    return _outcome(pending, "withdrawn", at, "cancelled")


def over_the_limit(outcome: LeakOutcome) -> LeakOutcome:
    """What a confirmation becomes when its sender has confirmed enough for one day."""
    return replace(outcome, ending="withdrawn", reason="sender_limit")


def in_time(pending: Pending, clicked_at: datetime) -> bool:
    """Whether a click still counts."""
    return clicked_at <= pending.expires_at


def event_of(outcome: LeakOutcome, letter: Mapping[str, Any] | None) -> LeakEvent | None:
    """The event of an outcome; None for a confirmation whose letter was erased, which was published long ago."""
    if outcome.ending == "expired":
        return LeakExpired(leak_id=outcome.leak_id, expired_at=outcome.at)
    if outcome.ending == "withdrawn" and outcome.reason is not None:
        return LeakWithdrawn(leak_id=outcome.leak_id, withdrawn_at=outcome.at, reason=outcome.reason)
    return None if letter is None else LeakConfirmed(**letter, confirmed_at=outcome.at)


def _outcome(pending: Pending, ending: Ending, at: datetime, reason: Reason | None = None) -> LeakOutcome:
    at = to_the_millisecond(at)
    return LeakOutcome(pending.leak_id, ending, at, reason, pending.sender_digest, pending.stop_digest)
