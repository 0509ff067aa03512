"""Tokens repeat, fit the gateway's idea of one, and lead nowhere without the key."""

import re
from datetime import UTC, datetime, timedelta

from services.verifier.tokens import Tokens
from shared.seals.keys import Key, KeyHistory, key_id

AT = datetime(2026, 11, 20, tzinfo=UTC)


def tokens(*materials: bytes) -> Tokens:
    """With keys of which each began a day after the one before; the first is a year old."""
    begins = (AT - timedelta(days=365 - number) for number in range(len(materials)))
    keys = [Key(key_id(one), since, one) for one, since in zip(materials, begins, strict=True)]
    return Tokens(lambda: KeyHistory.of(keys))


TOKENS = tokens(b"k" * 32)
LEAK_ID = "a" * 32


def test_a_repeat_makes_the_same_tokens():
    again = tokens(b"k" * 32)
    assert again.confirm(again.challenge_id(LEAK_ID, AT), AT) == TOKENS.confirm(TOKENS.challenge_id(LEAK_ID, AT), AT)


def test_tokens_have_128_bits_in_base64url():
    for token in (TOKENS.confirm(TOKENS.challenge_id(LEAK_ID, AT), AT), TOKENS.stop("s" * 64, AT)):
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)


def test_the_challenge_does_not_name_the_leak():
    assert TOKENS.challenge_id(LEAK_ID, AT) != LEAK_ID
    assert TOKENS.challenge_id(LEAK_ID, AT) != tokens(b"other" * 8).challenge_id(LEAK_ID, AT)


def test_one_purposes_token_is_not_anothers():
    assert TOKENS.confirm(LEAK_ID, AT) != TOKENS.stop(LEAK_ID, AT)


def test_a_repeat_after_a_rotation_makes_the_same_tokens():
    long_ago = AT - timedelta(days=365)
    rotated = tokens(b"k" * 32, b"n" * 32)
    assert rotated.confirm(LEAK_ID, long_ago) == TOKENS.confirm(LEAK_ID, long_ago)
    assert rotated.confirm(LEAK_ID, AT) != TOKENS.confirm(LEAK_ID, AT)
