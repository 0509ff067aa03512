"""What pages show: the message cut at its findings, ages as people say them, names that don't follow anyone."""

from datetime import UTC, datetime, timedelta

import pytest

from services.moderation import views
from services.moderation.names import Names
from services.moderation.policy.verdict import Finding

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


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
    names = Names(b"k" * 32)
    assert names.recipient("b" * 64, "case-1") == names.recipient("b" * 64, "case-1")
    assert names.recipient("b" * 64, "case-1") != names.recipient("b" * 64, "case-2")
    assert Names(b"l" * 32).recipient("b" * 64, "case-1") != names.recipient("b" * 64, "case-1")
