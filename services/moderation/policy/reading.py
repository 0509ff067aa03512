"""A text as the rules read it: folded characters, then words on one line, with the way back to the original."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from services.moderation.policy.characters import fold

# A gap in a pattern stops at this word, so that two sentences are not read as one.
SENTENCE_END: Final = "."

_BARE_WORD: Final = re.compile(r"[a-z0-9]+")
_WORD: Final = re.compile(r"[a-z0-9]+|[.!?;:…]+(?=[\s\"')\]]|$)|\n")
# "I. will. find. you." is one sentence: a mark counts only after this many words.
_WORDS_BEFORE_A_MARK: Final = 2

Word = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Folded:
    """Plain characters and their positions in the original text."""

    text: str
    origins: list[int] | None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's characters behind text[start:end]; hidden ones inside are included."""
        if self.origins is None:
            return start, end
        return self.origins[start], max(self.origins[end - 1] + 1, self.origins[end])


@dataclass(frozen=True, slots=True)
class Line:
    """Words joined by single spaces, a space at each end, so that a pattern can start and stop at whole words."""

    text: str
    _starts: list[int]
    _words: list[Word]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The folded text's characters behind text[start:end], widened to whole words."""
        first = bisect_right(self._starts, start + 1) - 1
        last = bisect_right(self._starts, end - 1) - 1
        return self._words[first][1], self._words[last][2]


def read(text: str) -> Folded:
    """Fold a text for matching."""
    folded, origins = fold(text)
    return Folded(folded, origins)


def bare_words(folded: str) -> list[str]:
    """The words alone: enough to tell which rules can match at all."""
    return _BARE_WORD.findall(folded)


def words_of(folded: str) -> list[Word]:
    """The words with their positions; a sentence's end becomes a word of its own."""
    words: list[Word] = []
    since_mark = 0
    for match in _WORD.finditer(folded):
        word = match[0]
        if word[0].isalnum():
            since_mark += 1
            words.append((word, match.start(), match.end()))
        elif since_mark > _WORDS_BEFORE_A_MARK:
            since_mark = 0
            words.append((SENTENCE_END, match.start(), match.end()))
    return words


def line_of(words: list[Word]) -> Line:
    """Lay the words out on one line."""
    starts = list(accumulate((len(word) + 1 for word, _, _ in words), initial=1))
    return Line(f" {' '.join(word for word, _, _ in words)} ", starts[:-1], words)


def plain_words(phrase: str) -> list[str]:
    """The words of a phrase from the rule data, folded as a message's are."""
    return bare_words(fold(phrase)[0])
