"""A console's words in the language its visitor chose: English or French, each written by itself."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from starlette.requests import Request

from shared.events.values import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)


class Texts:
    """The words of one language, by dotted key. A key that isn't there is a KeyError, not a blank."""

    def __init__(self, language: Language, folders: Sequence[Path]) -> None:
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


def chosen_language(request: Request, cookie: str) -> Language:
    """What the visitor chose, else what the browser asks for, else English."""
    asked = (request.cookies.get(cookie, ""), *request.headers.get("accept-language", "").split(","))
    shorts = [one.strip()[:2].lower() for one in asked]
    return next((language for short in shorts for language in LANGUAGES if language == short), "en")


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    words: dict[str, str] = {}
    for key, value in table.items():
        words |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return words
