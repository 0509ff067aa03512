"""The log's form."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.chain import START, ChainBroken, Deed, Head, digest_of, extend, follow
from services.audit.log import HeadFile

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DEED = Deed("order.closed", "ada", datetime(2026, 11, 20, 12, 0, tzinfo=UTC), {"note": "à la greffière"}, "ab" * 16, 1)


def test_a_known_entry_has_a_known_digest() -> None:
    """Frozen: a log written by this version must check with every later one."""
    entry = extend(Head(), DEED, KEY)
    assert entry.previous == START
    assert entry.digest == "c1f969e824b9261e610efc5ab813a8892573bcced2b884e25cca8b4510a72da7"
    assert entry.signature == "ydchZc83hhVQQKSokiyNCSBZpX74GWosdOHn3ogdJYdXEw_8e3UoAyFY4gy60A7xDar2RC-aPembymDjwD-sBQ"


def test_an_entry_follows_the_one_before_it() -> None:
    first = extend(Head(), DEED, KEY)
    second = extend(first.head, DEED, KEY)
    head = follow(follow(Head(), first, 1, KEY.public_key()), second, 2, KEY.public_key())
    assert head == Head(2, second.digest)


def test_the_first_entry_of_an_order_gives_it_its_number() -> None:
    entry = extend(Head(4, "0" * 64), replace(DEED, act="order.entered", order=None), KEY)
    assert entry.order == entry.seq == 5


def test_an_entry_on_another_past_does_not_follow() -> None:
    first, other = extend(Head(), DEED, KEY), extend(Head(), replace(DEED, by="ben"), KEY)
    second = extend(other.head, DEED, KEY)
    with pytest.raises(ChainBroken, match="entry 2 does not follow entry 1"):
        follow(first.head, second, 2, KEY.public_key())


@pytest.mark.parametrize("signature", ["", "?", "AAAA"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    entry = replace(extend(Head(), DEED, KEY), signature=signature)
    with pytest.raises(ChainBroken, match="entry 1 was not written by this service"):
        follow(Head(), entry, 1, KEY.public_key())


def test_a_signature_over_a_digest_of_something_else_is_refused() -> None:
    entry = extend(Head(), DEED, KEY)
    with pytest.raises(ChainBroken, match="entry 1 was changed"):
        follow(Head(), replace(entry, digest=digest_of(replace(entry, by="ben"))), 1, KEY.public_key())


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
