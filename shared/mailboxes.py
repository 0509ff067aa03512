"""Which spellings of an address reach one mailbox: one versioned table of providers' own equalities.

A digest of an address names the version it was made under; look-ups try every version, so that a block outlives a
change of the table. Sources: the providers' help pages on aliases, read November 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CURRENT: Final = 1


@dataclass(frozen=True)
class Provider:
    """`domain`: stands for all of the provider's. `ignored`: characters that a local part may be without."""

    domain: str
    ignored: str = ""
    tag: str = "+"


_GMAIL = Provider("gmail.com", ignored=".")
_PROTON = Provider("proton.me", ignored="._-")
_ICLOUD = Provider("icloud.com")
_YANDEX = Provider("yandex.ru")
_FASTMAIL = Provider("fastmail.com")
_POSTEO = Provider("posteo.de")

TABLES: Final[Mapping[int, Mapping[str, Provider]]] = {
    1: {
        **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
        **dict.fromkeys(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), _PROTON),
        **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
        **dict.fromkeys(("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "ya.ru", "narod.ru"), _YANDEX),
        **dict.fromkeys(("fastmail.com", "fastmail.fm"), _FASTMAIL),
        **dict.fromkeys(("posteo.de", "posteo.net"), _POSTEO),
    },
}
"""Version → domain → its provider. Every other domain stands for itself; a `+tag` is dropped everywhere."""


def canonical(address: str, version: int = CURRENT) -> str:
    """One spelling a mailbox under a version of the table; KeyError for an unknown version.

    The local part is lower-cased: RFC 5321 lets a host tell cases apart, no provider in use does, and a block that
    misses "Anna@" would be no block. The domain is lower-cased and written in IDNA.
    """
    local, _, domain = address.strip().rpartition("@")
    domain = ascii_domain(domain)
    provider = TABLES[version].get(domain, Provider(domain))
    local = local.lower()
    plain = local.split(provider.tag, 1)[0] or local
    kept = plain.translate({ord(character): None for character in provider.ignored}) or plain
    return f"{kept}@{provider.domain}"


def domain_of(address: str) -> str:
    """The domain of an address, in one spelling."""
    return ascii_domain(address.strip().rpartition("@")[2])


def ascii_domain(domain: str) -> str:
    """Lower case, in IDNA; as it stands when it is no domain name."""
    lowered = domain.lower().rstrip(".")
    try:
        return lowered.encode("idna").decode()
    except UnicodeError:
        return lowered
