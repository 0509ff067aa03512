"""Pure decisions about a leak between its submission and its end here; the first end counts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from shared.events.confirmations import SenderChallenged
from shared.events.event import LeakEvent
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakSubmitted, LeakWithdrawn
from shared.runtime.clock import to_the_millisecond

Ending = Literal["confirmed", "expired", "withdrawn"]
Reason = Literal["cancelled", "sender_limit", "sender_stopped"]

LETTER_FIELDS = frozenset(LeakConfirmed.model_fields) - {"confirmed_at"}


@dataclass(frozen=True)
class Pending:
    """What is kept of a leak that waits for its sender: sealed parts and digests, never the address."""

    leak_id: str
    sender: str
    """Keyed digest of the sender's normalised address."""
    confirm_digest: str
    stop_digest: str
    expires_at: datetime
    letter: Mapping[str, Any] | None
    """What moderation gets once confirmed; None after it was erased."""
    challenge: SenderChallenged | None
    """None when no confirmation mail is due; the leak then expires like any other that nobody confirms."""


@dataclass(frozen=True)
class Outcome:
    """How a leak ended here. `sender` and `stop_digest` keep the stop link in the mail alive; a tombstone has none."""

    leak_id: str
    ending: Ending
    at: datetime
    reason: Reason | None = None
    sender: str | None = None
    stop_digest: str | None = None


def letter_of(submitted: LeakSubmitted) -> dict[str, Any]:
    """The part of a leak that travels on: everything but the sender."""
    return submitted.model_dump(include=set(LETTER_FIELDS))


def may_be_challenged(submitted: LeakSubmitted, now: datetime, *, takes_mail: bool) -> bool:
    """Whether a confirmation mail is due; a refusal is silent, so that nobody can probe addresses by it."""
    return takes_mail and now < submitted.confirm_before


def confirmed(pending: Pending, clicked_at: datetime) -> Outcome:
    """The sender pressed the button."""
    return _outcome(pending, "confirmed", clicked_at)


def expired(pending: Pending) -> Outcome:
    """Nobody pressed it in time."""
    return _outcome(pending, "expired", pending.expires_at)


def stopped(pending: Pending, at: datetime) -> Outcome:
    """The holder of the address wants no confirmation mail, ever."""
    return _outcome(pending, "withdrawn", at, "sender_stopped")


def cancelled(leak_id: str, pending: Pending | None, at: datetime) -> Outcome:
    """The receipt's holder cancelled; without a pending leak this is a tombstone that waits for it."""
    if pending is None:
        return Outcome(leak_id, "withdrawn", to_the_millisecond(at), "cancelled")
    return _outcome(pending, "withdrawn", at, "cancelled")


def over_the_limit(outcome: Outcome) -> Outcome:
    """What a confirmation becomes when its sender has confirmed enough for one day."""
    return replace(outcome, ending="withdrawn", reason="sender_limit")


def in_time(pending: Pending, clicked_at: datetime) -> bool:
    """Whether a click still counts."""
    return clicked_at <= pending.expires_at


def event_of(outcome: Outcome, letter: Mapping[str, Any] | None) -> LeakEvent | None:
    """The event that tells an outcome; None for a confirmation whose letter was erased, which was told long ago."""
    if outcome.ending == "expired":
        return LeakExpired(leak_id=outcome.leak_id, expired_at=outcome.at)
    if outcome.ending == "withdrawn" and outcome.reason is not None:
        return LeakWithdrawn(leak_id=outcome.leak_id, withdrawn_at=outcome.at, reason=outcome.reason)
    return None if letter is None else LeakConfirmed(**letter, confirmed_at=outcome.at)


def _outcome(pending: Pending, ending: Ending, at: datetime, reason: Reason | None = None) -> Outcome:
    at = to_the_millisecond(at)
    return Outcome(pending.leak_id, ending, at, reason, pending.sender, pending.stop_digest)
