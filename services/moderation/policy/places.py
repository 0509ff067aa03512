"""E-mail addresses, and street addresses as French and English write them."""

import re
from collections.abc import Iterator
from typing import Final

from services.moderation.policy.matching import Match
from services.moderation.policy.reading import Folded
from services.moderation.policy.verdict import Finding, Outcome

MATCHES_READ: Final = 20

_EMAIL: Final = re.compile(
    r"[a-z0-9._%+\-]{1,64}(?:@|\s?[\[({]\s?(?:at|arobase?|@)\s?[\])}]\s?)"
    r"(?:[a-z0-9\-]{1,63}(?:\.|\s?[\[({]\s?(?:dot|point)\s?[\])}]\s?)){1,5}[a-z]{2,24}(?![a-z0-9])"
)
_FRENCH_STREET: Final = re.compile(
    r"(?<![\d.,])\d{1,4}(?: ?(?:bis|ter|quater|[a-d]))?,? "
    r"(?:rue|avenue|av\.?|boulevard|bd\.?|bld\.?|chemin|impasse|allees?|quai|route|square"
    r"|faubourg|sentier|passage|cours|residence|lotissement|villa|venelle|place) "
    r"(?:d[eu] (?:la |l')?|des |d'|l[ae] |les |l'|aux? )?(?P<name>[a-z][\w'\-]{1,30})"
)
# A name in capitals after these makes a street; "2 place de cinema" is a ticket.
_NEEDS_CAPITAL: Final = re.compile(r"\b(?:place|cours|passage|villa|route|square|chemin|quai)\b")
_ENGLISH_STREET: Final = re.compile(
    r"(?<![\d.,:$£€])\d{1,5}[a-d]?,? (?P<name>(?:[a-z][a-z'.\-]{0,20} ){1,3})"
    r"(?P<kind>street|road|avenue|lane|boulevard|st|rd|ave|ln|blvd|drive|dr|court|ct|terrace|crescent|close|way|place"
    r"|square|gardens|grove|hill|parade|highway|hwy|walk|row|mews)(?![a-z])"
)
# Between a number and these words stands a distance or a count, not a street's name.
_NO_NAME: Final = frozenset({
    "the", "a", "an", "of", "in", "on", "to", "up", "down", "from", "for", "and", "or", "my", "your", "our", "his",
    "her", "their", "this", "that", "minutes", "minute", "min", "mins", "miles", "mile", "km", "blocks", "block",
    "doors", "hours", "hour", "days", "day", "weeks", "years", "times", "people", "more", "other", "busy", "old",
    "big", "different", "ways", "feet", "metres", "meters",
})  # fmt: skip
_PLAIN_KINDS: Final = frozenset({"street", "road", "avenue", "lane", "boulevard"})
_UK_POSTCODE: Final = re.compile(r"(?<![a-z0-9])[a-z]{1,2}\d[a-z\d]? \d[abd-hjlnp-uw-z]{2}(?![a-z0-9])")


def email_matches(folded: Folded) -> Iterator[Match]:
    """E-mail addresses, also with (at) and [dot]."""
    for count, found in enumerate(_EMAIL.finditer(folded.text)):
        if count >= MATCHES_READ:
            return
        yield _hold("personal-data.email", folded, found.span())


def street_matches(folded: Folded, original: str) -> Iterator[Match]:
    """Street addresses and British postcodes in a text that has digits."""
    for found in _FRENCH_STREET.finditer(folded.text):
        if not _NEEDS_CAPITAL.search(found[0]) or _capital(folded, original, found.start("name")):
            yield _hold("personal-data.street", folded, found.span())
    for found in _ENGLISH_STREET.finditer(folded.text):
        named = _capital(folded, original, found.start("name"))
        if (named or found["kind"] in _PLAIN_KINDS) and _NO_NAME.isdisjoint(found["name"].split()):
            yield _hold("personal-data.street", folded, found.span())
    for found in _UK_POSTCODE.finditer(folded.text):
        if _capital(folded, original, found.start()):
            yield _hold("personal-data.postcode", folded, found.span())


def _capital(folded: Folded, original: str, position: int) -> bool:
    return original[folded.span(position, position + 1)[0]].isupper()


def _hold(rule: str, folded: Folded, span: tuple[int, int]) -> Match:
    return Match(Finding("personal-data", rule, *folded.span(*span)), Outcome.HOLD)
