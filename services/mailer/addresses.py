"""Addresses, in memory only: what stands for them at rest, and how they are written on an envelope."""

import re

from shared.digests import domain_of, keyed_digest, normalise_address
from shared.runtime.errors import Permanent

# No white space, control, quote, bracket or separator: nothing that could begin a second header or address.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\x9f<>()\[\],;:\\\"@]+@[a-z0-9-]+(\.[a-z0-9-]+)*")
LONGEST = 320


class NotAnAddress(Permanent):
    """No mail can be written to it."""


class Addresses:
    """Keyed digests that stand for an address and for its domain."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, address: str) -> str:
        """What the suppression list and the limits know of an address, in whatever spelling."""
        return keyed_digest(self._key, "address", normalise_address(address))

    def domain_digest(self, address: str) -> str:
        """What limits and pacing know of its domain."""
        return keyed_digest(self._key, "domain", domain_of(address))


def on_envelope(address: str) -> str:
    """As SMTP and the To header have it: the domain in IDNA, the local part as written; NotAnAddress otherwise."""
    local = address.strip().rpartition("@")[0]
    written = f"{local}@{domain_of(address)}"
    if len(written) > LONGEST or not _ADDRESS.fullmatch(written):
        raise NotAnAddress("not an address that mail can be sent to")
    return written
