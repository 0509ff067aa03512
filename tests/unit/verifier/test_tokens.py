"""Tokens repeat, fit the gateway's idea of one, and lead nowhere without the key."""

import re

from services.verifier.tokens import Tokens

TOKENS = Tokens(b"k" * 32)
LEAK_ID = "a" * 32


def test_a_repeat_makes_the_same_tokens():
    again = Tokens(b"k" * 32)
    assert again.confirm(again.challenge_id(LEAK_ID)) == TOKENS.confirm(TOKENS.challenge_id(LEAK_ID))


def test_tokens_have_128_bits_in_base64url():
    for token in (TOKENS.confirm(TOKENS.challenge_id(LEAK_ID)), TOKENS.stop("s" * 64)):
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)


def test_the_challenge_does_not_name_the_leak():
    assert TOKENS.challenge_id(LEAK_ID) != LEAK_ID
    assert TOKENS.challenge_id(LEAK_ID) != Tokens(b"other" * 8).challenge_id(LEAK_ID)


def test_one_purposes_token_is_not_anothers():
    assert TOKENS.confirm(LEAK_ID) != TOKENS.stop(LEAK_ID)
