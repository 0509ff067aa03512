"""Guesses whether a text is English or French by its commonest words: cheap, and good enough to choose rules."""

import tomllib
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from services.moderation.policy.verdict import Language

RULES: Final = Path(__file__).parent / "rules"

_WORDS: Final[dict[str, list[str]]] = tomllib.loads((RULES / "common.toml").read_text("utf-8"))
_ENGLISH: Final = frozenset(_WORDS["en"]) - frozenset(_WORDS["both"])
_FRENCH: Final = frozenset(_WORDS["fr"]) - frozenset(_WORDS["both"])

COMMON_WORDS: Final = frozenset(word for words in _WORDS.values() for word in words)


def guess(words: AbstractSet[str]) -> Language:
    """English, French, or undetermined when neither's common words prevail."""
    english = len(words & _ENGLISH)
    french = len(words & _FRENCH)
    if english == french:
        return "und"
    return "en" if english > french else "fr"
