"""What a sender may know of a leak, computed from what happened. Never tells a block, a bounce or a delivery."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.events.values import SealedToReceiptText

State = Literal["awaiting_confirmation", "in_review", "scheduled", "closed", "refused", "expired", "cancelled"]
# While in one of these, the leak hasn't left: asking to cancel can still help.
CANCELLABLE: frozenset[State] = frozenset({"awaiting_confirmation", "in_review", "scheduled"})


@dataclass(frozen=True)
class Submitted:
    """The leak was accepted."""

    at: datetime
    confirm_before: datetime


@dataclass(frozen=True)
class Confirmed:
    """The sender confirmed it."""

    at: datetime


@dataclass(frozen=True)
class Withdrawn:
    """Whoever held the leak says that it won't leave, because its sender asked."""

    at: datetime


@dataclass(frozen=True)
class OverLimit:
    """The sender confirmed it, and had confirmed as many as one address may that day."""

    at: datetime


@dataclass(frozen=True)
class Decided:
    """Moderation's decision; the highest revision counts."""

    at: datetime
    revision: int
    outcome: Literal["approved", "held", "rejected", "withdrawn"]
    deliver_at: datetime | None = None
    sealed_note: SealedToReceiptText | None = None


LeakFact = Submitted | Confirmed | Withdrawn | OverLimit | Decided


@dataclass(frozen=True)
class LeakStanding:
    """Where a leak stands, and since when: (state, since), oldest first; the last one is the state."""

    timeline: tuple[tuple[State, datetime], ...]
    confirm_before: datetime
    sealed_note: SealedToReceiptText | None = None
    over_limit: bool = False

    @property
    def state(self) -> State:
        """Where it stands now."""
        return self.timeline[-1][0]

    @property
    def can_cancel(self) -> bool:
        """Whether asking to cancel can still help."""
        return self.state in CANCELLABLE


def stand(facts: Sequence[LeakFact], now: datetime) -> LeakStanding | None:
    """Where the leak stands; None when nothing says that it was submitted.

    LeakFacts come from several topics, so in any order: what a later stage says outranks an earlier one.

    Expiry is shown by the clock and not by its event: a leak that was dropped silently, because its sender's address is
    stopped, must look to the second like one that nobody confirmed.
    """
    submitted = next((fact for fact in facts if isinstance(fact, Submitted)), None)
    if submitted is None:
        return None
    limited = next((fact for fact in facts if isinstance(fact, OverLimit)), None)
    if limited:
        ended: tuple[tuple[State, datetime], ...] = (("awaiting_confirmation", submitted.at), ("refused", limited.at))
        return LeakStanding(ended, submitted.confirm_before, over_limit=True)
    confirmed = next((fact for fact in facts if isinstance(fact, Confirmed)), None)
    decisions = (fact for fact in facts if isinstance(fact, Decided))
    decided = max(decisions, key=lambda decision: decision.revision, default=None)
    timeline: list[tuple[State, datetime]] = [("awaiting_confirmation", submitted.at)]
    begun = confirmed or decided
    if begun:
        timeline.append(("in_review", begun.at))
    elif now >= submitted.confirm_before:
        timeline.append(("expired", submitted.confirm_before))
    if decided:
        timeline += _after_decision(decided, now)
    cancelled = _cancelled(facts, submitted, confirmed, decided)
    if cancelled:
        timeline = [*(entry for entry in timeline if entry[0] in CANCELLABLE), ("cancelled", cancelled)]
    note = decided.sealed_note if decided and timeline[-1][0] == "refused" else None
    return LeakStanding(tuple(timeline), submitted.confirm_before, note)


def _after_decision(decided: Decided, now: datetime) -> Iterable[tuple[State, datetime]]:
    if decided.outcome == "rejected":
        yield "refused", decided.at
    if decided.outcome == "approved" and decided.deliver_at:
        yield "scheduled", decided.at
        if now >= decided.deliver_at:
            yield "closed", decided.deliver_at


def _cancelled(
    facts: Sequence[LeakFact], submitted: Submitted, confirmed: Confirmed | None, decided: Decided | None
) -> datetime | None:
    """When it was cancelled. A withdrawal after the planned time isn't shown: it would say that nothing had left."""
    if decided and decided.outcome == "withdrawn":
        return decided.at
    if decided and decided.outcome == "rejected":
        return None
    ends_at = decided.deliver_at if decided else None
    if ends_at is None and not confirmed:
        ends_at = submitted.confirm_before
    withdrawn = min((fact.at for fact in facts if isinstance(fact, Withdrawn)), default=None)
    if withdrawn is None or (ends_at is not None and withdrawn >= ends_at):
        return None
    return withdrawn
