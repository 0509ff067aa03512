"""Keys with a history: each has an id and a period. Sealing and signing use the newest, opening the one named."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from shared.digests import from_base64url
from shared.seals.errors import KeyMissing

ID_BYTES = 8
LOOK_AGAIN_S = 1.0
"""A key file is looked at this often, so that a rotation needs no restart."""

T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """One key: secret, or the public half of a pair. `revoked`: since when nobody may believe what it signs."""

    id: str
    since: datetime
    material: bytes = field(repr=False)
    until: datetime | None = None
    revoked: datetime | None = None

    def is_current(self, now: datetime) -> bool:
        """Whether to seal, sign or derive with it now."""
        return self.since <= now and (self.until is None or now < self.until) and not self.is_revoked(now)

    def is_revoked(self, at: datetime) -> bool:
        """Whether what was signed with it and stored at this time is refused."""
        return self.revoked is not None and self.revoked <= at


@dataclass(frozen=True)
class KeyHistory:
    """All keys of one name, the newest first."""

    keys: tuple[Key, ...]

    @classmethod
    def of(cls, keys: Iterable[Key]) -> "KeyHistory":
        """In the right order."""
        return cls(tuple(sorted(keys, key=lambda key: key.since, reverse=True)))

    def current(self, now: datetime) -> Key:
        """The one to seal, sign or derive with. Raises KeyMissing."""
        for key in self.keys:
            if key.is_current(now):
                return key
        raise KeyMissing("no key of this name is valid now")

    def at(self, moment: datetime) -> Key:
        """The one that was the newest at a time, revoked since or not: a repeat derives the same value. KeyMissing."""
        for key in self.keys:
            if key.since <= moment:
                return key
        if self.keys:
            # Older than all keys: clocks differ by a little, and any one choice is the same for every repeat.
            return self.keys[-1]
        raise KeyMissing("there is no key of this name")

    def named(self, key_id: str) -> Key:
        """The one with this id, whatever its period. Raises KeyMissing."""
        for key in self.keys:
            if key.id == key_id:
                return key
        raise KeyMissing("no key of this name has that id")


KeySource = Callable[[], KeyHistory]
"""Gives the history as it is now."""


@dataclass(frozen=True)
class Keyring:
    """The public halves: of readers, to seal to; of writers, to check signatures. By process."""

    opening: Mapping[str, KeyHistory]
    signing: Mapping[str, KeyHistory]

    def reader(self, process: str) -> KeyHistory:
        """A reader's public keys; none when the keyring doesn't know it."""
        return self.opening.get(process, KeyHistory(()))

    def writer(self, process: str) -> KeyHistory:
        """A writer's public keys; none when the keyring doesn't know it."""
        return self.signing.get(process, KeyHistory(()))


KeyringSource = Callable[[], Keyring]


def key_id(material: bytes) -> str:
    """Names a key: the first 8 bytes of a labelled SHA-256 of it, in hexadecimal."""
    return hashlib.sha256(b"leak key id\x00" + material).digest()[:ID_BYTES].hex()


def history_from(entries: Iterable[Mapping[str, Any]], material: str) -> KeyHistory:
    """From JSON: [{"id", "from", "until", "revoked", <material>: base64url}], times in RFC 3339."""
    return KeyHistory.of(
        Key(
            entry["id"],
            datetime.fromisoformat(entry["from"]),
            from_base64url(entry[material]),
            _moment(entry.get("until")),
            _moment(entry.get("revoked")),
        )
        for entry in entries
    )


def keyring_from(raw: Mapping[str, Any]) -> Keyring:
    """From JSON: {"opening" | "signing": {process: [entries with "public_key"]}}."""
    opening, signing = (
        {process: history_from(entries, "public_key") for process, entries in raw[side].items()}
        for side in ("opening", "signing")
    )
    return Keyring(opening, signing)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


class WatchedFile(Generic[T]):
    """What a JSON file says, read again when it was replaced. An unreadable new version leaves the last good one."""

    def __init__(self, path: Path, read: Callable[[Any], T], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._read = read
        self._monotonic = monotonic
        self._looked_at = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._value: T | None = None

    def __call__(self) -> T:
        """The value as of at most a second ago. Raises OSError, ValueError or KeyError while there never was one."""
        now = self._monotonic()
        if self._value is None or now - self._looked_at >= LOOK_AGAIN_S:
            self._looked_at = now
            self._look()
        if self._value is None:
            raise KeyMissing(f"{self._path.name} could not be read")
        return self._value

    def _look(self) -> None:
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen != self._seen:
                self._value = self._read(json.loads(self._path.read_text()))
                self._seen = seen
        except (OSError, ValueError, KeyError):
            if self._value is None:
                raise


def key_file(path: Path, monotonic: Callable[[], float] = time.monotonic) -> WatchedFile[KeyHistory]:
    """A process's secret keys of one name: {"keys": [entries with "key"]}."""
    return WatchedFile(path, lambda raw: history_from(raw["keys"], "key"), monotonic)


def keyring_file(path: Path) -> WatchedFile[Keyring]:
    """Everybody's public keys."""
    return WatchedFile(path, keyring_from)
