"""A console's words in the language its visitor chose: English or French, each written by itself."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request

LANGUAGES: Final = ("en", "fr")


class Texts:
    """The words of one language, by dotted key. A key that isn't there is a KeyError, not a blank."""

    def __init__(self, language: str, folders: Sequence[Path]) -> None:
        self.language = language
        self._words: dict[str, str] = {}
        for folder in folders:
            with (folder / f"{language}.toml").open("rb") as file:
                self._words |= _flat(tomllib.load(file))

    def __call__(self, key: str, **facts: object) -> str:
        """The words for `key`, with the facts put in."""
        words = self._words[key]
        return words.format(**facts) if facts else words

    def keys(self) -> frozenset[str]:
        """Every key, to compare languages."""
        return frozenset(self._words)


def chosen_language(request: Request, cookie: str) -> str:
    """What the visitor chose, else what the browser asks for, else English."""
    asked = (request.cookies.get(cookie, ""), *request.headers.get("accept-language", "").split(","))
    for language in asked:
        if (short := language.strip()[:2].lower()) in LANGUAGES:
            return short
    return "en"


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    words: dict[str, str] = {}
    for key, value in table.items():
        words |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return words
