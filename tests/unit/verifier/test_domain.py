"""The verifier's decisions, without any I/O."""

from datetime import UTC, datetime, timedelta

import pytest

from services.verifier import domain
from services.verifier.domain import Pending
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakSubmitted, LeakWithdrawn

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)
SEALED = "lk1.aGVhZGVy.c2lnbmF0dXJl.cmVjb3Jk"


def submitted(**changes: object) -> LeakSubmitted:
    fields = {
        "leak_id": "a" * 32,
        "submitted_at": NOON,
        "confirm_before": NOON + timedelta(days=1),
        "sealed_sender": SEALED,
        "sealed_recipient": SEALED,
        "sealed_pseudonyms": SEALED,
        "sealed_message": SEALED,
        "relation": "friend",
        "kind": "thanks",
        "language": "fr",
        "receipt_key": "k" * 43,
    }
    return LeakSubmitted.model_validate(fields | changes)


def pending() -> Pending:
    event = submitted()
    return Pending(
        leak_id=event.leak_id,
        sender_digest=f"1.{'0' * 16}.{'d' * 64}",
        confirm_digest="e" * 64,
        stop_digest="f" * 64,
        expires_at=event.confirm_before,
        letter=domain.letter_of(event),
        challenge=None,
    )


def test_what_travels_on_has_no_sender():
    assert "sealed_sender" not in domain.letter_of(submitted())
    assert set(domain.letter_of(submitted())) == set(LeakConfirmed.model_fields) - {"confirmed_at"}


def test_a_confirmation_carries_the_letter_and_the_time_of_the_click():
    told = domain.event_of(domain.confirmed(pending(), NOON, "click/0/1"), pending().letter)
    assert isinstance(told, LeakConfirmed)
    assert told.confirmed_at == NOON.replace(microsecond=123_000)
    assert told.language == "fr"


def test_a_confirmation_whose_letter_was_erased_is_not_told_again():
    assert domain.event_of(domain.confirmed(pending(), NOON, "click/0/1"), None) is None


def test_an_expiry_is_told_with_the_promised_time_not_with_the_sweeps():
    told = domain.event_of(domain.expired(pending()), None)
    assert isinstance(told, LeakExpired)
    assert told.expired_at == (NOON + timedelta(days=1)).replace(microsecond=123_000)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (domain.stopped(pending(), NOON), "sender_stopped"),
        (domain.cancelled("a" * 32, pending(), NOON), "cancelled"),
        (domain.cancelled("a" * 32, None, NOON), "cancelled"),
        (domain.over_the_limit(domain.confirmed(pending(), NOON, "click/0/1")), "sender_limit"),
    ],
)
def test_a_withdrawal_says_why(outcome: domain.LeakOutcome, reason: str):
    told = domain.event_of(outcome, pending().letter)
    assert isinstance(told, LeakWithdrawn)
    assert told.reason == reason


def test_a_click_counts_up_to_the_promised_time():
    end = pending().expires_at
    assert domain.in_time(pending(), end)
    assert not domain.in_time(pending(), end + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    ("now", "takes_mail", "due"),
    [
        (NOON, True, True),
        (NOON, False, False),
        (NOON + timedelta(days=1), True, False),
    ],
)
def test_no_mail_is_due_when_it_cannot_arrive_or_comes_too_late(now: datetime, takes_mail: bool, due: bool):
    assert domain.may_be_challenged(submitted(), now, takes_mail=takes_mail) is due
