"""The rules' small language, compiled to safe regexes: words, {LISTS}, a/b alternatives, ~N gaps, optional? elements.

A pattern matches whole words in order; `$` is the end of a sentence. `~3` allows up to three other words of the same
sentence; `kick_out` is a phrase within an alternative. Every repetition is bounded, so no text makes a match run away.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from services.moderation.policy.reading import plain_words

Lists = Mapping[str, tuple[str, ...]]

_GAP: Final = re.compile(r"~([1-8])$")
_LIST: Final = re.compile(r"\{([A-Z_]+)\}$")


class PatternError(ValueError):
    """A pattern in the rule data that can't be compiled: says which and why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regex for one line of words, and for each of its elements the words without which it can't match."""

    regex: re.Pattern[str]
    anchors: frozenset[str]
    others: tuple[frozenset[str], ...]
    words: frozenset[str]

    def may_match(self, words: AbstractSet[str]) -> bool:
        """Whether every element has a word in the text: far cheaper than the regex, and mostly the answer is no."""
        return not any(needed.isdisjoint(words) for needed in self.others)


def compile_pattern(source: str, lists: Lists, common: frozenset[str]) -> Pattern:
    """Compile a pattern; its anchors are the words of the element that texts have least often."""
    regex = ""
    words: set[str] = set()
    needed: list[frozenset[str]] = []
    for element in source.split():
        gap = _GAP.match(element)
        if gap:
            regex += rf"(?: [a-z0-9]+){{0,{gap[1]}}}?"
            continue
        if element == "$":
            regex += r"(?= \. | $)"
            continue
        optional = element.endswith("?")
        phrases = _alternatives(element.removesuffix("?"), lists, source)
        words.update(word for phrase in phrases for word in phrase)
        regex += f"(?:{_one_of(phrases)})?" if optional else _one_of(phrases)
        if not optional:
            needed.append(
                frozenset(max(phrase, key=lambda word: (word not in common, len(word))) for phrase in phrases)
            )
    if not needed:
        message = f"every element is optional, so it would match anything: {source!r}"
        raise PatternError(message)
    anchors, *others = sorted(needed, key=lambda found: (len(found & common), len(found)))
    return Pattern(re.compile(rf"{regex}(?= )"), anchors, tuple(others), frozenset(words))


def _alternatives(element: str, lists: Lists, source: str) -> list[tuple[str, ...]]:
    phrases: list[tuple[str, ...]] = []
    for option in element.split("/"):
        named = _LIST.match(option)
        if named and named[1] not in lists:
            message = f"unknown list {option} in {source!r}"
            raise PatternError(message)
        texts = lists[named[1]] if named else (option.replace("_", " "),)
        phrases.extend(tuple(plain_words(text)) for text in texts)
    if not all(phrases):
        message = f"an element without letters or digits in {source!r}"
        raise PatternError(message)
    return phrases


def _one_of(phrases: list[tuple[str, ...]]) -> str:
    # Longest first: Python's alternation takes the first that fits, and the span should show the whole phrase.
    texts = sorted({" ".join(phrase) for phrase in phrases}, key=lambda text: (-len(text), text))
    return f" (?:{'|'.join(texts)})"
