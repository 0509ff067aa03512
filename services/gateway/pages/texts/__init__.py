"""The words of the pages, one TOML file a language; each is written by itself and has the same keys."""

import tomllib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from markupsafe import Markup

LANGUAGES: Final = ("en", "fr")


@cache
def texts(language: str) -> SimpleNamespace:
    """`texts("fr").form.title`. A key in _html holds markup of ours; all else is escaped by the template."""
    return _named(tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8")))


def _named(table: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**{key: _value(key, value) for key, value in table.items()})


def _value(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _named(value)
    if isinstance(value, list):
        return tuple(_value(key, item) for item in value)
    return Markup(value) if key.endswith("_html") else value  # noqa: S704 - our own file, and format() escapes what it is given
