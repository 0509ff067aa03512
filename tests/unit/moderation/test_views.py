"""What pages show: the message cut at its findings, ages as people say them, names that don't follow anyone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.moderation import views
from services.moderation.domain import Case
from services.moderation.names import Names
from services.moderation.policy.verdict import Finding
from shared.seals.keys import Key, KeyHistory, key_id

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CASE = Case(
    leak_id="a" * 32,
    case_id="case",
    ending="held",
    revision=1,
    opened_at=NOON,
    severity=2,
    policy=None,
    version=None,
    findings=(),
    recipient_pseudonyms=(f"1.{'0' * 16}.{'b' * 64}",),
    letter=None,
    receipt_key=None,
    automated=True,
    decided_at=NOON,
)


def names_by(key: bytes) -> Names:
    return Names(lambda: KeyHistory.of([Key(key_id(key), NOON, key)]))


def finding(start: int, end: int) -> Finding:
    return Finding("threat", "threat.en.x", start, end)


def test_findings_that_overlap_cut_the_message_where_each_begins_and_ends():
    found = views.pieces("abcdefgh", [finding(1, 5), finding(3, 7)])
    assert [(piece.text, piece.numbers) for piece in found] == [
        ("a", ()),
        ("bc", (1,)),
        ("de", (1, 2)),
        ("fg", (2,)),
        ("h", ()),
    ]


@pytest.mark.parametrize(
    "findings",
    [
        [],
        [finding(0, 8)],
        [finding(2, 2)],
        [finding(5, 99)],
        [finding(0, 3), finding(0, 3)],
    ],
)
def test_nothing_of_the_message_is_lost_or_doubled(findings: list[Finding]):
    assert "".join(piece.text for piece in views.pieces("abcdefgh", findings)) == "abcdefgh"


def test_an_empty_message_has_no_pieces():
    assert views.pieces("", [finding(0, 4)]) == []


@pytest.mark.parametrize(
    ("since", "age"),
    [
        (timedelta(seconds=-5), ("minutes", 0)),
        (timedelta(minutes=119), ("minutes", 119)),
        (timedelta(hours=2), ("hours", 2)),
        (timedelta(hours=47), ("hours", 47)),
        (timedelta(days=2), ("days", 2)),
    ],
)
def test_ages_are_rough(since: timedelta, age: tuple[str, int]):
    assert views.age(NOON - since, NOON) == age


def test_a_recipient_has_one_name_in_a_case_and_another_in_the_next():
    names, other = names_by(b"k" * 32), names_by(b"l" * 32)
    one, two = (replace(CASE, case_id=case_id) for case_id in ("case-1", "case-2"))
    assert names.recipient(one) == names.recipient(one)
    assert names.recipient(one) != names.recipient(two)
    assert other.recipient(one) != names.recipient(one)
