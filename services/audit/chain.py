"""The log's form: numbered entries, each bound to the one before it by a digest and signed when it is made. No I/O."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

import rfc8785

from services.audit import signatures
from shared.seals.errors import KeyMissing
from shared.seals.keys import Key, KeyHistory

START: Final = "0" * 64
_SIGNED: Final = b"leak audit log v1\n"

Fact = str | int | list[str]


class ChainBroken(Exception):
    """The log is not what was written; the text names the first thing wrong."""


@dataclass(frozen=True, slots=True)
class LogDraft:
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
    key_id: str
    digest: str
    signature: str

    @property
    def head(self) -> Head:
        """The log's end when this entry is its last."""
        return Head(self.seq, self.digest)


def extend(head: Head, draft: LogDraft, key: Key) -> Entry:
    """The entry that puts `draft` after `head`, signed with the secret `key`."""
    seq = head.seq + 1
    order = seq if draft.act == "order.entered" else draft.order
    at = draft.at.isoformat(timespec="microseconds")
    unsigned = Entry(seq, draft.act, draft.by, at, draft.leak_id, order, draft.facts, head.digest, key.id, "", "")
    digest = digest_of(unsigned)
    return replace(unsigned, digest=digest, signature=signatures.sign(key, _SIGNED + bytes.fromhex(digest)))


def digest_of(entry: Entry) -> str:
    """SHA-256 of all that the entry says and of the digest before it, as canonical JSON (RFC 8785)."""
    fields = {name: value for name, value in asdict(entry).items() if name not in ("digest", "signature")}
    return hashlib.sha256(rfc8785.dumps(fields)).hexdigest()


def follow(head: Head, entry: Entry, place: object, keys: KeyHistory) -> Head:
    """The new end after `entry`, found at `place`; `keys` are the log's public ones. Raises ChainBroken."""
    expected = head.seq + 1
    if place != expected:
        if isinstance(place, int) and place > expected:
            raise ChainBroken(f"entry {expected} is missing")
        raise ChainBroken(f"an entry at {place!r} does not belong in the log")
    if digest_of(entry) != entry.digest:
        raise ChainBroken(f"entry {expected} was changed after it was written")
    _check_signature(entry, expected, keys)
    if entry.seq != expected:
        raise ChainBroken(f"entry {expected} was written as entry {entry.seq}: entries were moved")
    if entry.previous != head.digest:
        raise ChainBroken(f"entry {expected} does not follow entry {head.seq}: one of them was replaced")
    return entry.head


def _check_signature(entry: Entry, expected: int, keys: KeyHistory) -> None:
    try:
        key = keys.named(entry.key_id)
        is_signed = signatures.is_signed(key, _SIGNED + bytes.fromhex(entry.digest), entry.signature)
    except (KeyMissing, ValueError):
        is_signed = False
    if not is_signed:
        raise ChainBroken(f"entry {expected} was not written by this service")
    if key.is_revoked(datetime.fromisoformat(entry.at)):
        raise ChainBroken(f"entry {expected} was signed with a key that was revoked before")
