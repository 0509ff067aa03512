"""Which language a visitor reads: what they chose, else what their browser asks for, else English."""

import re
from typing import Final, get_args

from starlette.datastructures import Headers

from shared.events.values import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
FALLBACK: Final[Language] = "en"
READ_CHARACTERS: Final = 500
"""Of an Accept-Language header; browsers send less than a hundred."""
_QUALITY: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
"""RFC 9110, 12.4.2."""


def known(choice: str | None) -> Language | None:
    """The choice, if it is a language that we have."""
    return next((language for language in LANGUAGES if language == choice), None)


def asked_for(headers: Headers) -> Language:
    """The best for an Accept-Language header (RFC 9110, 12.5.4); malformed parts are passed over."""
    header = ",".join(headers.getlist("accept-language"))[:READ_CHARACTERS]
    wishes: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(header.split(",")):
        if wish := _wish(part):
            language, quality = wish
            # Of two equal wishes, the one that was written first is the dearer one.
            wishes[language] = max(wishes.get(language, (0.0, 0)), (quality, -place))
    best = max(LANGUAGES, key=lambda language: _rank(wishes, language))
    return best if _rank(wishes, best)[0] > 0 else FALLBACK


def language_of(choice: str | None, headers: Headers) -> Language:
    """The one rule, for every page."""
    return known(choice) or asked_for(headers)


def _rank(wishes: dict[str, tuple[float, int]], language: str) -> tuple[float, int]:
    return wishes.get(language) or wishes.get("*", (0.0, 0))


def _wish(part: str) -> tuple[str, float] | None:
    tag, _, parameter = part.partition(";")
    name, _, weight = (piece.strip().lower() for piece in parameter.partition("="))
    language = tag.strip().lower().partition("-")[0]
    if not parameter.strip():
        return language, 1.0
    return (language, float(weight)) if name == "q" and _QUALITY.fullmatch(weight) else None
