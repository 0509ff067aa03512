"""Links: how many, and which hide where they lead or carry a program."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from services.moderation.policy.language import RULES
from services.moderation.policy.matching import Match
from services.moderation.policy.reading import Folded
from services.moderation.policy.verdict import Finding, Outcome

LINKS_ALLOWED: Final = 2
LINKS_READ: Final = 20

_DATA: Final[dict[str, Any]] = tomllib.loads((RULES / "links.toml").read_text("utf-8"))
_BARE: Final = "|".join(sorted(_DATA["bare_tlds"], key=len, reverse=True))
# Hosts and paths have a greatest length, so that no text makes the search long.
_LINK: Final = re.compile(
    r"(?<![a-z0-9@])(?:"
    r"(?P<scheme>h[tx]{2}ps?|ftp|file|data|javascript|intent)(?::/{0,2}|\[:\]//)(?P<host>[^\s/?#<>\"]{1,253})"
    r"|(?P<www>www\.[^\s/?#<>\"]{1,249})"
    rf"|(?P<bare>(?:[a-z0-9\-]{{1,63}}\.){{1,6}}(?:{_BARE}))(?![a-z0-9\-.]*@)(?![a-z0-9])"
    r")(?P<path>[/?#][^\s<>\"]{0,500})?"
)
_MAY_BE_LINK: Final = re.compile(rf":/|www\.|\w\.(?:{_BARE})\b|data:|javascript:|\[:\]")
_NUMERIC_HOST: Final = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|0x[0-9a-f]+|\d{6,}|\[.*\]")


def link_matches(folded: Folded, original: str) -> Iterator[Match]:
    """Risky links, and the links beyond those a letter needs."""
    if not _MAY_BE_LINK.search(folded.text):
        return
    for count, found in enumerate(_LINK.finditer(folded.text), start=1):
        if count > LINKS_READ:
            return
        start, end = folded.span(*found.span())
        host = (found["host"] or found["www"] or found["bare"]).rstrip(".,;:!)")
        written = original[start:end]
        risk = _risk(found["scheme"] or "", host, found["path"] or "", written)
        if risk:
            yield Match(Finding("scam", f"scam.link-{risk}", start, end), Outcome.HOLD)
        elif count > LINKS_ALLOWED:
            yield Match(Finding("spam", "spam.many-links", start, end), Outcome.HOLD)


def _risk(scheme: str, host: str, path: str, written: str) -> str | None:  # noqa: PLR0911 - one answer a risk
    if scheme in {"data", "javascript", "file", "intent"} or scheme.startswith("hx"):
        return "scheme"
    if "@" in host:
        return "user"
    if _NUMERIC_HOST.fullmatch(host):
        return "numeric"
    if "xn--" in host or not written[: len(scheme) + 3 + len(host)].isascii():
        return "lookalike"
    if _among(host, _DATA["shorteners"]):
        return "shortener"
    if _among(host, _DATA["invitations"]):
        return "invitation"
    file, dot, ending = path.partition("?")[0].rstrip(".,;!)").rpartition(".")
    if file and dot and ending in _DATA["executables"]:
        return "program"
    if host.partition(":")[0].rpartition(".")[2] in _DATA["risky_tlds"]:
        return "domain"
    return "brand" if _borrows_a_brand(host) else None


def _among(host: str, hosts: list[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts)


def _borrows_a_brand(host: str) -> bool:
    """A brand's name anywhere but as the registered domain: paypal.com.example.org, secure-paypal.com."""
    labels = host.partition(":")[0].removeprefix("www.").split(".")
    # co.uk, com.au and gouv.fr are registered under two labels.
    depth = 3 if len(labels) > 2 and labels[-2] in {"co", "com", "org", "gouv", "gov", "ac"} else 2  # noqa: PLR2004
    registered = labels[-depth] if len(labels) >= depth else labels[0]
    words = {word for label in labels[:-1] for word in label.split("-")} - {registered}
    return any(brand in words for brand in _DATA["brands"])
