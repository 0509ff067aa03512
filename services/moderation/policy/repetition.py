"""Texts that are no letter: one word or line over and over, shouting, a wall of symbols, too long."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from services.moderation.policy.matching import Match
from services.moderation.policy.verdict import Finding, Outcome

# A leak has 2,000 characters; a longer text is read up to here, and held.
CHARACTERS_READ: Final = 8_000

_WORDS_TO_JUDGE: Final = 25
_ONE_WORD_SHARE: Final = 0.5
_FEW_WORDS_SHARE: Final = 0.12
_LINES_TO_JUDGE: Final = 4
_SHOUTING_LETTERS: Final = 160
_CHARACTERS_TO_JUDGE: Final = 120
_LETTER_SHARE: Final = 0.2


def repetition_matches(original: str, words: Sequence[str]) -> Iterator[Match]:
    """Each way in which the whole text shows that nobody wrote it for somebody."""
    if len(original) > CHARACTERS_READ:
        yield _whole("spam.too-long", original)
    if len(words) >= _WORDS_TO_JUDGE:
        counts = Counter(words)
        most = counts.most_common(1)[0][1]
        if most > len(words) * _ONE_WORD_SHARE or len(counts) < len(words) * _FEW_WORDS_SHARE:
            yield _whole("spam.repeated-words", original)
    if "\n" in original and _one_line_repeats(original):
        yield _whole("spam.repeated-lines", original)
    if len(original) < _CHARACTERS_TO_JUDGE:
        return
    letters = sum(map(str.isalpha, original))
    if letters >= _SHOUTING_LETTERS and original.isupper():
        yield _whole("spam.shouting", original)
    if letters < len(original) * _LETTER_SHARE:
        yield _whole("spam.symbols", original)


def _one_line_repeats(original: str) -> bool:
    lines = Counter(line.strip() for line in original[:CHARACTERS_READ].splitlines() if line.strip())
    return bool(lines) and lines.most_common(1)[0][1] >= _LINES_TO_JUDGE


def _whole(rule: str, original: str) -> Match:
    return Match(Finding("spam", rule, 0, len(original)), Outcome.HOLD)
