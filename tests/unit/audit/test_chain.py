"""The log's form."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.audit.chain import START, ChainBroken, Head, LogDraft, digest_of, extend, follow
from services.audit.log import HeadFile
from services.audit.signatures import public_half
from shared.seals.keys import Key, KeyHistory

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = Key("0" * 16, NOON, bytes(range(32)))
PUBLIC = public_half(KeyHistory((KEY,)))
DRAFT = LogDraft("order.closed", "ada", NOON, {"note": "à la greffière"}, "ab" * 16, 1)


def test_a_known_entry_has_a_known_digest() -> None:
    """Frozen: a log written by this version must check with every later one."""
    entry = extend(Head(), DRAFT, KEY)
    assert entry.previous == START
    assert entry.digest == "c99445f63cdc63dab01cd17aa2a254a20fdc8dfaf0f3c578c10fc0d729becbee"
    assert entry.signature == "S7-Q2D84W7Ptn6l0mf_5CXkEpinJ9fBKke4b1i9f2wQoUyeUrvkDK3XrQ3s1LQT8bOkd5KrEWour0Nv1zkZlCg"


def test_an_entry_follows_the_one_before_it() -> None:
    first = extend(Head(), DRAFT, KEY)
    second = extend(first.head, DRAFT, KEY)
    head = follow(follow(Head(), first, 1, PUBLIC), second, 2, PUBLIC)
    assert head == Head(2, second.digest)


def test_the_first_entry_of_an_order_gives_it_its_number() -> None:
    entry = extend(Head(4, "0" * 64), replace(DRAFT, act="order.entered", order=None), KEY)
    assert entry.order == entry.seq == 5


def test_an_entry_on_another_past_does_not_follow() -> None:
    first, other = extend(Head(), DRAFT, KEY), extend(Head(), replace(DRAFT, by="ben"), KEY)
    second = extend(other.head, DRAFT, KEY)
    with pytest.raises(ChainBroken, match="entry 2 does not follow entry 1"):
        follow(first.head, second, 2, PUBLIC)


@pytest.mark.parametrize("signature", ["", "?", "AAAA"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    entry = replace(extend(Head(), DRAFT, KEY), signature=signature)
    with pytest.raises(ChainBroken, match="entry 1 was not written by this service"):
        follow(Head(), entry, 1, PUBLIC)


def test_a_signature_over_a_digest_of_something_else_is_refused() -> None:
    entry = extend(Head(), DRAFT, KEY)
    with pytest.raises(ChainBroken, match="entry 1 was changed"):
        follow(Head(), replace(entry, digest=digest_of(replace(entry, by="ben"))), 1, PUBLIC)


def test_a_noted_end_is_never_forgotten_for_an_earlier_one(tmp_path: Path) -> None:
    note = HeadFile(tmp_path / "head")
    assert note.read() is None
    note.note(Head(3, "3" * 64))
    note.note(Head(2, "2" * 64))
    assert note.read() == Head(3, "3" * 64)
    note.note(Head(4, "4" * 64))
    assert HeadFile(tmp_path / "head").read() == Head(4, "4" * 64)
    assert [path.name for path in tmp_path.iterdir()] == ["head"]


@pytest.mark.parametrize("text", ["", "{}extra", '{"seq": 1}x', "[]"])
def test_an_unreadable_note_is_an_alarm_and_not_a_fresh_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "head").write_text(text)
    with pytest.raises(ChainBroken, match="can't be read"):
        HeadFile(tmp_path / "head").read()


def test_without_a_file_nothing_is_noted() -> None:
    HeadFile(None).note(Head(3, "3" * 64))
    assert HeadFile(None).read() is None


def test_an_entry_names_its_key_and_an_older_one_is_believed() -> None:
    newer = Key("1" * 16, NOON, bytes(range(1, 33)))
    keys = public_half(KeyHistory((newer, KEY)))
    first = extend(Head(), DRAFT, KEY)
    second = extend(first.head, DRAFT, newer)
    assert (first.key_id, second.key_id) == (KEY.id, newer.id)
    follow(follow(Head(), first, 1, keys), second, 2, keys)


def test_an_entry_of_a_key_that_is_not_the_logs_is_refused() -> None:
    entry = extend(Head(), DRAFT, Key("1" * 16, NOON, bytes(range(32))))
    with pytest.raises(ChainBroken, match="entry 1 was not written by this service"):
        follow(Head(), entry, 1, PUBLIC)


def test_a_revoked_key_is_believed_for_what_is_older_than_its_revocation() -> None:
    revoked = KeyHistory(tuple(replace(key, revoked=NOON + timedelta(hours=1)) for key in PUBLIC.keys))
    follow(Head(), extend(Head(), DRAFT, KEY), 1, revoked)
    with pytest.raises(ChainBroken, match="entry 1 was signed with a key that was revoked before"):
        follow(Head(), extend(Head(), replace(DRAFT, at=NOON + timedelta(hours=1)), KEY), 1, revoked)
