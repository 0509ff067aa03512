"""Decisions about mails, without a store or a clock of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.mailer import domain
from services.mailer.domain import (
    Accepted,
    Change,
    Deferred,
    Done,
    Job,
    MailState,
    NotSent,
    Rejected,
    Retry,
    Unknown,
    after,
    on_cancel,
    on_decision,
)
from services.mailer.settings import Settings
from shared.events.values import AddressDigestText

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SCHEDULE = (300, 600)
JOB = Job(
    id="a" * 32,
    recipient_digests=(AddressDigestText("b" * 64),),
    domain_digest=AddressDigestText("c" * 64),
    due_at=NOON,
    stored_at=NOON,
    content={},
)


def job(**changes: Any) -> Job:
    return Job(**{**vars(JOB), **changes})


def test_a_mail_that_was_taken_is_delivered() -> None:
    assert after(Accepted(), JOB, NOON, SCHEDULE) == Done("delivered")


def test_a_deferred_mail_follows_the_schedule_then_is_given_up() -> None:
    assert after(Deferred(), JOB, NOON, SCHEDULE) == Retry(NOON + timedelta(seconds=300), 1, 0)
    assert after(Deferred(), job(tries=1), NOON, SCHEDULE) == Retry(NOON + timedelta(seconds=600), 2, 0)
    assert after(Deferred(), job(tries=2), NOON, SCHEDULE) == Done("gave_up")


def test_the_published_schedule_goes_from_minutes_to_two_days() -> None:
    waits = Settings.model_fields["retry_after_s"].default
    assert waits[0] == 300
    assert sum(waits) == timedelta(days=2).total_seconds()


def test_a_refused_mail_bounces_and_a_missing_mailbox_is_suppressed() -> None:
    assert after(Rejected(), JOB, NOON, SCHEDULE) == Done("refused", suppress=False)
    assert after(Rejected(no_mailbox=True), JOB, NOON, SCHEDULE) == Done("refused", suppress=True)


def test_a_failed_connection_costs_the_mail_no_attempt() -> None:
    again = after(NotSent(), job(tries=2), NOON, SCHEDULE)
    assert isinstance(again, Retry)
    assert again.tries == 2
    assert again.at > NOON


def test_an_unknown_end_may_repeat_but_not_for_ever() -> None:
    assert after(Unknown(), JOB, NOON, SCHEDULE) == Retry(NOON + timedelta(seconds=300), 1, 1)
    last = job(unknown=domain.UNKNOWN_MAX - 1)
    assert after(Unknown(), last, NOON, SCHEDULE) == Done("delivered")


@pytest.mark.parametrize("answer", [Rejected(), Deferred()])
def test_what_may_have_arrived_counts_as_delivered(answer: domain.Answer) -> None:
    assert after(answer, job(unknown=1, tries=2), NOON, SCHEDULE) == Done("delivered")
    assert domain.outcome_without_sending(job(unknown=1, halt="cancelled"), NOON) == "delivered"


def test_a_cancelled_mail_is_withdrawn_and_a_late_confirmation_expires() -> None:
    assert domain.outcome_without_sending(JOB, NOON) is None
    assert domain.outcome_without_sending(job(halt="cancelled"), NOON) == "withdrawn"
    assert domain.outcome_without_sending(job(expires_at=NOON), NOON) == "expired"


def test_the_highest_revision_counts() -> None:
    waiting = MailState(revision=3, waiting=True)
    assert on_decision(waiting, 3, "approved") is None
    assert on_decision(waiting, 2, "rejected") is None
    assert on_decision(waiting, 4, "held") == Change("stopped", 4, due=True)
    assert on_decision(waiting, 4, "withdrawn") == Change("cancelled", 4, due=True)
    stopped = MailState(revision=4, halt="stopped")
    assert on_decision(stopped, 3, "approved") is None
    assert on_decision(stopped, 5, "approved") == Change(None, 5, due=True, letter=True)


def test_nothing_changes_what_has_ended() -> None:
    ended = MailState(revision=1, ended=True)
    assert on_decision(ended, 9, "rejected") is None
    assert on_cancel(ended) is None


def test_a_cancel_outlives_every_later_decision() -> None:
    tombstone = MailState(revision=-1, halt="cancelled")
    assert on_decision(tombstone, 1, "approved") == Change("cancelled", 1, due=True)
    assert on_decision(tombstone, 1, "held") is None
    assert on_decision(MailState(revision=1, halt="cancelled", waiting=True), 2, "approved") is None


def test_a_cancel_withdraws_what_waits_and_leaves_to_moderation_what_it_holds() -> None:
    assert on_cancel(MailState(revision=1, waiting=True)) == Change("cancelled", 1, due=True)
    assert on_cancel(MailState(revision=1, halt="stopped")) == Change("cancelled", 1, due=False)
    assert on_cancel(MailState(revision=1, halt="cancelled", waiting=True)) is None
