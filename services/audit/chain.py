"""The log's form: numbered entries, each bound to the one before it by a digest and signed when it is made. No I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.digests import from_base64url, to_base64url

START: Final = "0" * 64
_SIGNED: Final = b"leak audit log v1\n"

Fact = str | int | list[str]


class ChainBroken(Exception):
    """The log is not what was written; the text names the first thing wrong."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did, before it has a place in the log. An order's first entry names no order: its place will."""

    act: str
    by: str
    at: datetime
    facts: Mapping[str, Fact]
    leak_id: str | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a log: the last entry's number and digest."""

    seq: int = 0
    digest: str = START


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `order` is the number of the entry that brought the order in."""

    seq: int
    act: str
    by: str
    at: str
    leak_id: str | None
    order: int | None
    facts: Mapping[str, Fact]
    previous: str
    digest: str
    signature: str

    @property
    def head(self) -> Head:
        """The log's end when this entry is its last."""
        return Head(self.seq, self.digest)


def extend(head: Head, deed: Deed, key: Ed25519PrivateKey) -> Entry:
    """The entry that puts `deed` after `head`."""
    seq = head.seq + 1
    order = seq if deed.act == "order.entered" else deed.order
    at = deed.at.isoformat(timespec="microseconds")
    unsigned = Entry(seq, deed.act, deed.by, at, deed.leak_id, order, deed.facts, head.digest, "", "")
    digest = digest_of(unsigned)
    signature = to_base64url(key.sign(_SIGNED + bytes.fromhex(digest)))
    return replace(unsigned, digest=digest, signature=signature)


def digest_of(entry: Entry) -> str:
    """SHA-256 of all that the entry says and of the digest before it, as canonical JSON (RFC 8785)."""
    told = {name: value for name, value in asdict(entry).items() if name not in ("digest", "signature")}
    return hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def follow(head: Head, entry: Entry, place: object, key: Ed25519PublicKey) -> Head:
    """The new end after `entry`, found at `place`. Raises ChainBroken, naming what is wrong."""
    expected = head.seq + 1
    if place != expected:
        if isinstance(place, int) and place > expected:
            raise ChainBroken(f"entry {expected} is missing")
        raise ChainBroken(f"an entry at {place!r} does not belong in the log")
    if digest_of(entry) != entry.digest:
        raise ChainBroken(f"entry {expected} was changed after it was written")
    if not _is_signed(entry, key):
        raise ChainBroken(f"entry {expected} was not written by this service")
    if entry.seq != expected:
        raise ChainBroken(f"entry {expected} was written as entry {entry.seq}: entries were moved")
    if entry.previous != head.digest:
        raise ChainBroken(f"entry {expected} does not follow entry {head.seq}: one of them was replaced")
    return entry.head


def _is_signed(entry: Entry, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(from_base64url(entry.signature), _SIGNED + bytes.fromhex(entry.digest))
    except (InvalidSignature, ValueError):
        return False
    return True
