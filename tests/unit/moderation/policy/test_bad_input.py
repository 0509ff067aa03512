"""Whatever the text, an answer within the limit and never an exception."""

# ruff: noqa: RUF001 - look-alike letters are what is tested here

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.moderation.policy import evaluate
from services.moderation.policy.repetition import CHARACTERS_READ

# Of processor time, for 100 kB of the worst kind; a slow machine that runs other tests beside has to keep it.
LIMIT_S = 3.0

PIECES = st.sampled_from([
    "kill", "you", "te tuer", "k.i.l.l", "0", "06 ", "+33", "1-", "@", "://", "www.", ".com", "a.", "(at)", "*", "k*",
    "$", "\u200b",
    "\u202e", "\ud800", "\udfff", "\x00", "\n", "é", "e\u0301", "œ", "ﷺ", "ß", "İ", "😀", "👨‍👩‍👧", "🇫🇷", "شكرا", "ⅷ",
    "𝓴", "l l ", "' ",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=400),
    st.text(st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF), max_size=50),
    st.lists(PIECES, max_size=80).map("".join),
)

BOMBS = [
    "a" * 100_000, "a " * 50_000, "kill " * 20_000, "i will " * 15_000, "k.i.l.l." * 12_000, "k*" * 50_000,
    "0" * 100_000,
    "0 " * 50_000, "06 12 34 56 78 " * 7_000, "fr14" + "a1 " * 30_000, "a@" * 50_000, "a." * 50_000, "www." * 25_000,
    "http://" * 15_000, "http://a" + "a-" * 50_000, "(at)" * 25_000, "😀" * 100_000, "👨‍👩‍👧" * 20_000,
    "\u202e" * 100_000,
    "e" + "\u0301" * 99_999, "\ud800" * 100_000, "ﷺ" * 100_000, "\x00" * 100_000, "12 " + "aa " * 30_000 + "street",
    "12 rue " * 15_000, "un deux " * 12_000, "!" * 100_000, "?!\n" * 33_000, "'" * 100_000, "je vais te " * 9_000,
    "ab1" * 33_000,
    "you will " * 11_000, "\t \t" * 33_000, "l" * 50_000 + "!" * 50_000, "1l" * 50_000, "שלום " * 20_000, "-" * 100_000,
]  # fmt: skip


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_text_is_answered_and_its_spans_lie_within_it(text):
    for finding in evaluate(text).findings:
        assert 0 <= finding.start < finding.end <= len(text)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60), st.text(max_size=60))
def test_a_threat_is_found_between_any_two_texts(before, after):
    verdict = evaluate(f"{before} ok. so then:\nI will kill you\nok {after}")
    assert "threat.en.will-kill" in {finding.rule for finding in verdict.findings} or "shoot" in before + after


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: ascii(bomb[:12]))
def test_a_hundred_kilobytes_are_answered_in_time(bomb):
    started = time.process_time()
    verdict = evaluate(bomb)
    assert time.process_time() - started < LIMIT_S
    assert "spam.too-long" in {finding.rule for finding in verdict.findings}


def test_a_text_longer_than_a_leak_is_held_even_when_kind():
    verdict = evaluate("Thank you for everything you did. " * (CHARACTERS_READ // 30))
    assert (verdict.outcome.value, verdict.policy) == ("hold", "spam")
