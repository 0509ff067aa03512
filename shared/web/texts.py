"""The words of pages and mails: one TOML file a language, each written by itself. A missing key is an error."""

import tomllib
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from shared.events.values import Language
from shared.web.languages import LANGUAGES


class Texts(SimpleNamespace):
    """The words of one language: `t.form.title`, or `t("form.title")` where the key is put together or takes facts.

    A key in _html holds markup of ours; all else is escaped by the template. A list becomes a tuple.
    """

    def __init__(self, language: Language, *folders: Path) -> None:
        """The words of `<language>.toml` in each folder; a later folder adds to an earlier one."""
        words: dict[str, Any] = {}
        for folder in folders:
            _add(words, tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))
        super().__init__(language=language, **vars(_named(words)))

    def __call__(self, key: str, **facts: object) -> str:
        """The words for a dotted key, with the facts put in."""
        words: str = attrgetter(key)(self)
        return words.format(**facts) if facts else words


def in_every_language(*folders: Path) -> Mapping[str, Texts]:
    """The texts of these folders, by language."""
    return {language: Texts(language, *folders) for language in LANGUAGES}


def _add(words: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict):
            _add(words.setdefault(key, {}), value)
        else:
            words[key] = value


def _named(table: Mapping[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**{key: _value(key, value) for key, value in table.items()})


def _value(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _named(value)
    if isinstance(value, list):
        return tuple(_value(key, item) for item in value)
    return Markup(value) if key.endswith("_html") else value  # noqa: S704 - our own file, and format() escapes what it is given
