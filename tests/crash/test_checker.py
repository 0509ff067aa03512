"""The checker itself: it lets a good run through, and names each thing that must not happen."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.crash.checker import Evidence, judge
from tests.crash.fates import Leak
from tests.crash.sightings import Record, Seen

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KIND, UNWANTED, HELD = (
    Leak(fate, mark, f"s.{mark}@example.org", f"r.{mark}@example.net", "en", leak_id=mark * 8, clicked=True)
    for fate, mark in (("kind", "dada"), ("unwanted", "fefe"), ("held", "didi"))
)
for leak in (KIND, UNWANTED, HELD):
    leak.status = {"state": leak.plan.state}


def record(topic: str, leak: Leak, after_s: float = 0, **says: object) -> Record:
    value = json.dumps({"leak_id": leak.leak_id, **says}).encode()
    return Record(topic, f"{topic}/{leak.leak_id}", NOON + timedelta(seconds=after_s), b"", value, ())


def mail(leak: Leak, *, letter: bool, message_id: str = "") -> Seen:
    to = leak.recipient if letter else leak.sender
    return Seen(to, message_id or f"<{leak.mark}.{letter}>", f"words ({leak.mark})" if letter else "is it you?", ())


def life(leak: Leak, outcome: str, *ends: Record) -> list[Record]:
    return [
        record("origin.captured.v1", leak),
        record("leak.submitted.v1", leak, 0.1),
        record("leak.confirmed.v1", leak, 1),
        record("leak.decided.v1", leak, 2, outcome=outcome, revision=1),
        *ends,
    ]


GOOD = Evidence(
    leaks=[KIND, UNWANTED, HELD],
    records=[
        *life(KIND, "approved", record("leak.delivered.v1", KIND, 3)),
        *life(UNWANTED, "approved", record("leak.suppressed.v1", UNWANTED, 3, reason="blocked")),
        *life(HELD, "held"),
    ],
    mails=[mail(KIND, letter=True), *(mail(leak, letter=False) for leak in (KIND, UNWANTED, HELD))],
    origins=frozenset({KIND.leak_id, UNWANTED.leak_id, HELD.leak_id}),
)


def changed(**changes: object) -> Evidence:
    return dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]


def without(topic: str) -> Evidence:
    return changed(records=[one for one in GOOD.records if one.topic != topic])


def with_mails(*mails: Seen, **counted: int) -> Evidence:
    return changed(mails=[*GOOD.mails, *mails], **counted)


def with_leak(leak: Leak, **changes: object) -> Evidence:
    others = [one for one in GOOD.leaks if one is not leak]
    return changed(leaks=[*others, dataclasses.replace(leak, **changes)])  # type: ignore[arg-type]


def test_a_good_run_is_let_through() -> None:
    assert judge(GOOD).violations == ()


def test_a_repeat_within_the_window_is_counted_and_let_through() -> None:
    judgement = judge(with_mails(mail(KIND, letter=True), unknown_ends=1, cuts=1))
    assert judgement.violations == ()
    assert judgement.twice == 1


@pytest.mark.parametrize(
    ("evidence", "what"),
    [
        (lambda: without("leak.delivered.v1"), "lost"),
        (lambda: changed(mails=GOOD.mails[1:]), "lost"),
        (lambda: with_leak(KIND, stuck="a mail"), "lost"),
        (lambda: with_mails(mail(HELD, letter=True)), "unapproved sent"),
        (
            lambda: changed(
                records=[*GOOD.records, record("leak.decided.v1", KIND, 4, outcome="withdrawn", revision=2)]
            ),
            "unapproved sent",
        ),
        (lambda: with_leak(KIND, clicked=False), "unconfirmed sent"),
        (lambda: without("leak.confirmed.v1"), "unconfirmed sent"),
        (lambda: with_mails(mail(UNWANTED, letter=True)), "blocked sent"),
        (lambda: changed(records=[*GOOD.records, record("leak.delivered.v1", UNWANTED, 3)]), "told delivered"),
        (lambda: with_mails(mail(KIND, letter=True)), "mailed twice"),
        (lambda: with_mails(mail(KIND, letter=True), unknown_ends=1), "mailed twice"),
        (lambda: with_mails(mail(KIND, letter=True), cuts=1), "mailed twice"),
        (lambda: with_mails(mail(KIND, letter=True, message_id="<other>"), unknown_ends=1, cuts=1), "mailed twice"),
        (lambda: with_mails(mail(KIND, letter=False)), "mailed twice"),
        (lambda: without("origin.captured.v1"), "no origin first"),
        (lambda: without("leak.submitted.v1"), "answered, not durable"),
        (lambda: changed(records=[record("leak.submitted.v1", KIND, -1), *GOOD.records]), "no origin first"),
        (lambda: changed(origins=frozenset()), "no origin at audit"),
        (lambda: with_leak(KIND, status={"state": "scheduled"}), "wrong state"),
        (lambda: with_leak(HELD, status={"state": "refused"}), "wrong state"),
        (lambda: changed(records=[*GOOD.records, record("leak.delivered.v1", KIND, 3, other=1)]), "told differently"),
        (lambda: changed(records=[*GOOD.records, record("mailer-letters.dead.v1", KIND)]), "dead letter"),
        (lambda: changed(strange=["mailer ended by itself with 1"]), "ended by itself"),
    ],
)
def test_what_must_not_happen_is_named(evidence: Callable[[], Evidence], what: str) -> None:
    assert what in judge(evidence()).kinds
