"""Tokens carry what they need, repeat, and act only for whoever holds their secret part."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.digests import token_digest
from shared.seals.errors import SealBroken
from shared.seals.keys import Key, KeyHistory, key_id
from shared.seals.tokens import BlockedAddress, ReportedLeak, block_tokens, report_tokens, take_apart
from tests.support.pairs import NOON

HISTORY = KeyHistory.of([Key(key_id(b"k" * 32), NOON, b"k" * 32)])
REPORTS, BLOCKS = report_tokens(lambda: HISTORY), block_tokens(lambda: HISTORY)
LEAK = ReportedLeak("0123456789abcdef" * 2)
ADDRESS = BlockedAddress(f"1.{'0' * 16}.{'a' * 64}", b"m" * 16, date(2027, 11, 20))


def test_a_token_leads_where_it_was_made_for() -> None:
    used = take_apart(REPORTS.make(LEAK, NOON))
    assert used is not None
    assert REPORTS.open(used.sealed_token, used.token_digest) == LEAK
    used = take_apart(BLOCKS.make(ADDRESS, NOON))
    assert used is not None
    assert BLOCKS.open(used.sealed_token, used.token_digest) == ADDRESS


def test_a_repeat_makes_the_same_token_and_no_two_mails_carry_the_same() -> None:
    assert BLOCKS.make(ADDRESS, NOON) == BLOCKS.make(ADDRESS, NOON)
    other = BlockedAddress(ADDRESS.address_digest, b"n" * 16, ADDRESS.expires_on)
    assert BLOCKS.make(other, NOON) != BLOCKS.make(ADDRESS, NOON)


def test_a_token_holds_neither_leak_nor_digest_in_clear() -> None:
    assert LEAK.leak_id not in REPORTS.make(LEAK, NOON)
    assert "a" * 64 not in BLOCKS.make(ADDRESS, NOON)


def test_without_the_secret_part_nothing_opens() -> None:
    used = take_apart(REPORTS.make(LEAK, NOON))
    assert used is not None
    with pytest.raises(SealBroken, match="secret"):
        REPORTS.open(used.sealed_token, token_digest("A" * 22))


def test_one_purposes_token_is_not_anothers() -> None:
    used = take_apart(REPORTS.make(LEAK, NOON))
    assert used is not None
    with pytest.raises(SealBroken):
        BLOCKS.open(used.sealed_token, used.token_digest)


def test_a_key_that_was_rotated_or_revoked_still_opens() -> None:
    used = take_apart(REPORTS.make(LEAK, NOON))
    assert used is not None
    old = Key(key_id(b"k" * 32), NOON, b"k" * 32, revoked=NOON)
    new = Key(key_id(b"n" * 32), NOON + timedelta(hours=1), b"n" * 32)
    rotated = report_tokens(lambda: KeyHistory.of([old, new]))
    assert rotated.open(used.sealed_token, used.token_digest) == LEAK
    assert rotated.make(LEAK, NOON) == REPORTS.make(LEAK, NOON)
    assert rotated.make(LEAK, NOON + timedelta(hours=1)) != REPORTS.make(LEAK, NOON)


@given(st.text(max_size=300))
def test_what_has_not_the_form_is_none_and_never_an_error(text: str) -> None:
    take_apart(text)


def test_a_block_link_works_to_the_end_of_its_day() -> None:
    assert not ADDRESS.is_over(NOON + timedelta(days=365))
    assert ADDRESS.is_over(NOON + timedelta(days=366))
