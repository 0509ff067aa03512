"""Reads words that were disguised: leetspeak, spaced or dotted letters, repeated letters, starred-out letters.

The rules' own vocabulary decides: a disguise is lifted only when a word that some rule needs comes out.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from services.moderation.policy.reading import Word

_LEET: Final = (
    str.maketrans("0134578926@$!|€£+(", "oieastbgzbasiieltc"),
    str.maketrans("0134578926@$!|€£+(", "oleastbgzbasllelto"),
)
# One scan tells whether a text has any disguise at all; most have none. Each branch starts with what is rare in a
# letter and looks back from there, which is several times faster than starting with any letter.
_SIGN: Final = re.compile(
    r"([a-z])\1\1"
    r"|[0-9@$!|*#€£+(_.~^](?<=[a-z].)(?=[0-9@$!|*#€£+(_.~^]{0,6}[a-z])"
    r"|[0-9@$!|€£+(*](?<![a-z0-9].)(?=[a-z])"
    r"|[*$](?<=[a-z].)"
    r"|[013457](?<=[a-z]{3}.)(?![a-z0-9])"
    r"|[ ._\-*~|/\\][a-z0-9@$][ ._\-*~|/\\]{1,3}[a-z0-9@$](?![a-z0-9])"
)
_SPACED: Final = re.compile(r"(?<![a-z0-9'])[a-z0-9@$](?:[ ._\-*~|/\\]{1,3}[a-z0-9@$](?![a-z0-9])){2,40}")
_CHUNK: Final = re.compile(r"[a-z0-9@$!|*#€£+(_.~^\-]{2,40}")
_JOINTS: Final = re.compile(r"[._\-~|*^+]")
_RUN: Final = re.compile(r"([a-z])\1+")
_LONG_RUN: Final = re.compile(r"([a-z])\1{2,}")
_WIDE_GAP: Final = re.compile(r" {2,}|(?<=[a-z0-9]) */ *")
_LONGEST_WORD: Final = 20
_LONGEST_PART: Final = 2

# Where a disguise stands and the words behind it.
Lifted = tuple[int, int, list[str]]


def has_disguise(folded: str) -> bool:
    """Whether it is worth looking for disguised words."""
    return _SIGN.search(folded) is not None


class Vocabulary:
    """The words that rules look for; a masked word (`f**k`) is sought among those worth masking only."""

    def __init__(self, words: AbstractSet[str], masked: AbstractSet[str]) -> None:
        self._words = words
        self._masked: dict[tuple[int, str], list[str]] = {}
        for word in sorted(masked):
            if len(word) >= 4:  # noqa: PLR2004 - shorter words, starred out, could be anything
                self._masked.setdefault((len(word), word[0]), []).append(word)

    def unmask(self, folded: str, words: list[Word]) -> list[Word]:
        """The words with disguised ones replaced."""
        lifted = sorted((*self._spaced(folded), *self._chunks(folded)), key=lambda found: (found[0], -found[1]))
        return _replace(words, lifted) if lifted else words

    def _spaced(self, folded: str) -> Iterator[Lifted]:
        for run in _SPACED.finditer(folded):
            start = run.start()
            for part in _WIDE_GAP.split(run[0]):
                letters = re.sub(r"[ ._\-*~|/\\]", "", part)
                at = folded.find(part, start)
                start = at + len(part)
                if found := self._segments(_squeezed(letters.translate(_LEET[0]))):
                    yield at, start, found

    def _segments(self, letters: str) -> list[str]:
        """Cut a run of letters into words of the vocabulary, as few as possible; nothing when some letter is left."""
        best: list[list[str] | None] = [[]]
        for end in range(1, len(letters) + 1):
            cuts = (
                [*before, letters[start:end]]
                for start in range(max(0, end - _LONGEST_WORD), end)
                if (before := best[start]) is not None and letters[start:end] in self._words
            )
            best.append(min(cuts, key=len, default=None))
        found = best[-1] or []
        return found if any(len(word) > 2 for word in found) else []  # noqa: PLR2004 - "a b c" hides no word

    def _chunks(self, folded: str) -> Iterator[Lifted]:
        for chunk in _CHUNK.finditer(folded):
            text = chunk[0]
            if text.isalpha() and not _LONG_RUN.search(text):
                continue
            word = self._lift(text.rstrip("!.?-_"))
            if word:
                yield chunk.start(), chunk.end(), [word]

    def _lift(self, text: str) -> str | None:
        if text in self._words or not any("a" <= c <= "z" for c in text):
            return None
        # Dots and dashes part letters in a disguise, words elsewhere: "so...it", "big-hearted".
        joined = _JOINTS.sub("", text) if all(len(part) <= _LONGEST_PART for part in _JOINTS.split(text)) else text
        for table in _LEET:
            for letters in (text.translate(table), joined.translate(table)):
                for form in (letters, _LONG_RUN.sub(r"\1\1", letters), _squeezed(letters), _RUN.sub(r"\1", letters)):
                    if form in self._words and len(form) > 2:  # noqa: PLR2004 - "4u" is no disguise
                        return form
        return self._starred(text)

    def _starred(self, text: str) -> str | None:
        if "*" not in text and "#" not in text:
            return None
        pattern = re.compile("".join(c if c.isalnum() else "." for c in text))
        for word in self._masked.get((len(text), text[0]), ()):
            if pattern.fullmatch(word):
                return word
        return None


def _squeezed(letters: str) -> str:
    """Long runs of one letter cut to one; pairs stay, and a long run of l becomes a pair, as in kill and salle."""
    return _LONG_RUN.sub(lambda run: "ll" if run[1] == "l" else run[1], letters)


def _replace(words: list[Word], lifted: list[Lifted]) -> list[Word]:
    """Put what was lifted in place of the words that it covers."""
    result: list[Word] = []
    position = covered = 0
    for start, end, found in lifted:
        if start < covered:
            continue
        while position < len(words) and words[position][1] < start:
            result.append(words[position])
            position += 1
        while position < len(words) and words[position][1] < end:
            position += 1
        result.extend((word, start, end) for word in found)
        covered = end
    return [*result, *words[position:]]
