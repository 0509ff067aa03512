"""Moderation's decisions, without anything around them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.moderation import domain
from services.moderation.domain import Case, EscalatedAlready, Lease, TooLate
from services.moderation.policy.verdict import Finding, Outcome, Verdict
from shared.events.leaks import LeakConfirmed

NOON = datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC)
SEALED = "lk1.a.b.c"
EVENT = LeakConfirmed(
    leak_id="a" * 32,
    confirmed_at=NOON,
    sealed_recipient=SEALED,
    sealed_pseudonyms=SEALED,
    sealed_message=SEALED,
    relation="friend",
    kind="joke",
    language="fr",
    receipt_key="k" * 43,
)
NOTE = "bm90ZQ"
ENCLOSED = {"sealed_note": NOTE, "sealed_report_link": SEALED}
FOUND = (Finding("threat", "threat.en.x", 0, 3),)


def enclosed(decided: domain.FirstDecision) -> domain.FirstDecision:
    return replace(decided, sealed_note=NOTE, sealed_report_link=SEALED if decided.ending == "approved" else None)


def verdict(outcome: Outcome, policy: str | None = "threat") -> Verdict:
    return Verdict(outcome, policy, FOUND, "1-abc", "en")


def held_case() -> Case:
    outcome = domain.judged(EVENT, (), verdict(Outcome.HOLD), NOON, 0)
    read = Lease("mod-a", NOON + timedelta(minutes=10), fence=1, read=True)
    return replace(domain.case_of(outcome, EVENT, "f" * 32, severity=4), lease=read)


def test_an_approved_leak_leaves_after_the_delay_and_keeps_no_findings():
    outcome = domain.judged(EVENT, (), verdict(Outcome.APPROVE, None), NOON, 90.5)
    assert outcome.ending == "approved"
    assert outcome.findings == ()
    assert outcome.deliver_at == datetime(2026, 11, 20, 12, 1, tzinfo=UTC)


def test_times_are_as_exact_as_the_database_keeps_them():
    outcome = domain.judged(EVENT, (), verdict(Outcome.HOLD), NOON, 0)
    assert outcome.decided_at.microsecond == 123_000


def test_a_rejection_without_a_policy_to_name_goes_to_a_person():
    assert domain.judged(EVENT, (), verdict(Outcome.REJECT, None), NOON, 0).ending == "held"


def test_only_an_approval_carries_the_letter():
    for outcome, carried in ((Outcome.APPROVE, True), (Outcome.HOLD, False), (Outcome.REJECT, False)):
        event = domain.decision_event(enclosed(domain.judged(EVENT, (), verdict(outcome), NOON, 0)), EVENT)
        assert (event.sealed_message is not None) is carried
        assert (event.sealed_report_link is not None) is carried


def test_a_decision_says_its_time_to_the_minute_and_its_policy_to_nobody():
    event = domain.decision_event(enclosed(domain.judged(EVENT, (), verdict(Outcome.REJECT), NOON, 0)), EVENT)
    assert event.decided_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert "threat" not in event.model_dump_json()


def test_each_decision_of_a_person_is_the_next_revision():
    after, told = domain.approved(held_case(), "mod-a", NOON, 60, **ENCLOSED)
    assert (after.ending, told.revision, told.automated) == ("approved", 2, False)
    assert after.letter is None
    assert after.receipt_key is None
    after, told = domain.rejected(held_case(), "mod-a", NOON, "hate", "c2VhbGVk")
    assert (after.ending, told.revision, told.sealed_note) == ("rejected", 2, "c2VhbGVk")
    assert after.letter is not None


def test_what_nobody_read_is_not_approved():
    for lease in (None, Lease("mod-a", NOON + timedelta(minutes=10), fence=1)):
        with pytest.raises(domain.Unread):
            domain.approved(replace(held_case(), lease=lease), "mod-a", NOON, 0, **ENCLOSED)


def test_what_was_told_as_a_threat_to_life_is_never_approved():
    with pytest.raises(EscalatedAlready):
        domain.approved(replace(held_case(), escalated_at=NOON), "mod-a", NOON, 0, **ENCLOSED)


def test_what_has_lost_its_letter_can_not_be_approved():
    with pytest.raises(TooLate):
        domain.approved(replace(held_case(), letter=None), "mod-a", NOON, 0, **ENCLOSED)


def test_a_claim_acts_only_for_its_owner_in_its_time_and_under_its_fence():
    lease = Lease("mod-a", NOON + timedelta(minutes=10), fence=3)
    assert lease.holds("mod-a", 3, NOON)
    assert not lease.holds("mod-b", 3, NOON)
    assert not lease.holds("mod-a", 2, NOON)
    assert not lease.holds("mod-a", 3, NOON + timedelta(minutes=10))


def test_what_is_twice_as_severe_waits_half_as_long():
    hour, half = NOON - timedelta(hours=1), NOON - timedelta(minutes=29, seconds=30)
    assert domain.urgency(2, hour, NOON) == pytest.approx(domain.urgency(4, half, NOON))
    assert domain.urgency(4, NOON, NOON) > domain.urgency(1, NOON, NOON)
