"""Addresses, in memory only: what stands for them, and how they are written on an envelope."""

import re
from datetime import datetime

from shared.address_digests import AddressDigests
from shared.events.values import AddressDigestText, ClearAddress
from shared.mailboxes import domain_of
from shared.runtime.errors import Permanent

# No white space, control, quote, bracket or separator: nothing that could begin a second header or address.
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f-\x9f<>()\[\],;:\\\"@]+@[a-z0-9-]+(\.[a-z0-9-]+)*")
LONGEST = 320


class NotAnAddress(Permanent):
    """No mail can be written to it."""


def look_up_digests(digests: AddressDigests, address: ClearAddress, now: datetime) -> tuple[AddressDigestText, ...]:
    """Under each key and each version of the table: what may stand on the suppression list. The current one first."""
    current = digests.current(address, now)
    return (current, *(digest for digest in digests.every(address) if digest != current))


def on_envelope(address: ClearAddress) -> str:
    """As SMTP and the To header have it: the domain in IDNA, the local part as written; NotAnAddress otherwise."""
    local = address.strip().rpartition("@")[0]
    written = f"{local}@{domain_of(address)}"
    if len(written) > LONGEST or not _ADDRESS.fullmatch(written):
        raise NotAnAddress("not an address that mail can be sent to")
    return written
