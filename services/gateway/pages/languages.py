"""Which language a visitor reads: what they chose by ?lang=, else what their browser asks for, else English."""

from services.gateway.pages.texts import LANGUAGES

FALLBACK = "en"


def chosen(lang: str | None) -> str | None:
    """The explicit choice, if it is a language we have."""
    return lang if lang in LANGUAGES else None


def asked_for(accept_language: str) -> str:
    """The best of an Accept-Language header (RFC 9110, 12.5.4); malformed parts are passed over."""
    wishes = [wish for part in accept_language[:500].split(",") if (wish := _wish(part))]
    # Because sorted() is stable, equal weights keep the order in which the browser wrote them.
    for _, language in sorted(wishes, key=lambda wish: -wish[0]):
        if language == "*":
            return FALLBACK
        if language in LANGUAGES:
            return language
    return FALLBACK


def _wish(part: str) -> tuple[float, str] | None:
    tag, _, parameter = part.partition(";")
    language = tag.strip().lower().partition("-")[0]
    name, _, weight = parameter.partition("=")
    if name.strip().lower() != "q":
        return (1.0, language)
    try:
        quality = float(weight)
    except ValueError:
        return None
    return (quality, language) if quality > 0 else None
