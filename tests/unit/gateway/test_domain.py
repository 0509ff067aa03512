"""The status: every set of events in every order, and nothing that a sender must not know."""

from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, permutations

import pytest

from services.gateway.domain import Confirmed, Decided, OverLimit, Submitted, Withdrawn, stand

T0 = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def at(minutes):
    return T0 + timedelta(minutes=minutes)


SUBMITTED = Submitted(T0, T0 + DAY)
CONFIRMED = Confirmed(at(10))
HELD = Decided(at(11), 1, "held")
APPROVED = Decided(at(20), 2, "approved", deliver_at=at(50))
UNDONE = Decided(at(21), 3, "held")
REJECTED = Decided(at(30), 4, "rejected", sealed_note="sealed")
DROPPED = Decided(at(31), 5, "withdrawn")
SOON, LATE, AFTER = Withdrawn(at(5)), Withdrawn(at(60)), Withdrawn(at(50))
CANCELLED_WHILE_SCHEDULED = Withdrawn(at(40))

CASES = [
    ([], 0, None),
    ([CONFIRMED], 0, None),
    ([SUBMITTED], 0, "awaiting_confirmation"),
    ([SUBMITTED], 24 * 60 - 1, "awaiting_confirmation"),
    ([SUBMITTED], 24 * 60, "expired"),
    ([SUBMITTED, SOON], 6, "cancelled"),
    ([SUBMITTED, SOON], 48 * 60, "cancelled"),
    ([SUBMITTED, Withdrawn(T0 + DAY)], 48 * 60, "expired"),
    ([SUBMITTED, OverLimit(at(10))], 48 * 60, "refused"),
    ([SUBMITTED, CONFIRMED], 11, "in_review"),
    ([SUBMITTED, CONFIRMED], 72 * 60, "in_review"),
    ([SUBMITTED, CONFIRMED, HELD], 12, "in_review"),
    ([SUBMITTED, HELD], 12, "in_review"),
    ([SUBMITTED, CONFIRMED, APPROVED], 21, "scheduled"),
    ([SUBMITTED, APPROVED], 49, "scheduled"),
    ([SUBMITTED, APPROVED], 50, "closed"),
    ([SUBMITTED, APPROVED], 100_000, "closed"),
    ([SUBMITTED, CONFIRMED, APPROVED, UNDONE], 60, "in_review"),
    ([SUBMITTED, CONFIRMED, APPROVED, UNDONE, REJECTED], 60, "refused"),
    ([SUBMITTED, CONFIRMED, HELD, REJECTED], 60, "refused"),
    ([SUBMITTED, CONFIRMED, DROPPED], 60, "cancelled"),
    ([SUBMITTED, CONFIRMED, APPROVED, CANCELLED_WHILE_SCHEDULED], 41, "cancelled"),
    ([SUBMITTED, CONFIRMED, APPROVED, CANCELLED_WHILE_SCHEDULED], 60, "cancelled"),
    # Withdrawn at the planned time or later: that nothing had left is not told.
    ([SUBMITTED, CONFIRMED, APPROVED, AFTER], 60, "closed"),
    ([SUBMITTED, CONFIRMED, APPROVED, LATE], 70, "closed"),
]


@pytest.mark.parametrize(("happened", "minutes", "expected"), CASES)
def test_the_state_is_the_same_in_every_order(happened, minutes, expected):
    for order in permutations(happened):
        standing = stand(order, at(minutes))
        assert (standing.state if standing else None) == expected


EVERYTHING = (CONFIRMED, HELD, APPROVED, UNDONE, REJECTED, DROPPED, SOON, LATE, OverLimit(at(10)))
SETS = list(chain.from_iterable(combinations(EVERYTHING, size) for size in range(len(EVERYTHING) + 1)))


def test_every_set_of_events_at_every_time_gives_an_honest_timeline():
    for happened in SETS:
        for minutes in (0, 12, 45, 50, 24 * 60, 48 * 60):
            standing = stand([SUBMITTED, *happened], at(minutes))
            states = [state for state, _ in standing.timeline]
            assert states[0] == "awaiting_confirmation"
            assert len(states) == len(set(states))
            assert standing.state == states[-1]
            assert not set(states[:-1]) & {"closed", "refused", "expired", "cancelled"}
            assert standing.can_cancel is (standing.state in {"awaiting_confirmation", "in_review", "scheduled"})
            assert (standing.sealed_note is None) or standing.state == "refused"
            assert standing == stand([SUBMITTED, *reversed(happened), *happened], at(minutes))


def test_only_a_refused_leak_shows_a_statement():
    assert stand([SUBMITTED, CONFIRMED, REJECTED], at(60)).sealed_note == "sealed"
    again = Decided(at(40), 9, "approved", deliver_at=at(90), sealed_note="sealed")
    assert stand([SUBMITTED, CONFIRMED, REJECTED, again], at(60)).sealed_note is None


def test_a_leak_over_its_senders_limit_says_so():
    standing = stand([SUBMITTED, OverLimit(at(10))], at(11))
    assert standing.over_limit
    assert standing.timeline == (("awaiting_confirmation", T0), ("refused", at(10)))


def test_the_timeline_of_a_whole_life():
    standing = stand([SUBMITTED, CONFIRMED, HELD, APPROVED], at(60))
    assert standing.timeline == (
        ("awaiting_confirmation", T0),
        ("in_review", at(10)),
        ("scheduled", at(20)),
        ("closed", at(50)),
    )
