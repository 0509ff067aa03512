"""Sealers and openers of a process, from a folder of secrets as the set-up step makes it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.setup import keys
from shared.runtime.clock import Clock, utc_now
from shared.seals.keys import KeyHistory, Keyring, WatchedFile, key_file, keyring_file
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make(folder: Path) -> Path:
    """All secrets, with keys that are older than any clock in a test."""
    keys.make(folder, LONG_AGO)
    return folder


def keys_of(folder: Path, process: str, name: str) -> WatchedFile[KeyHistory]:
    """A process's secret keys of one name."""
    return key_file(folder / process / f"{name}.json")


def keyring(folder: Path) -> WatchedFile[Keyring]:
    """Everybody's public keys."""
    return keyring_file(folder / "audit" / "keyring.json")


def sealer(folder: Path, process: str, clock: Clock = utc_now) -> Sealer:
    """What a process seals with."""
    return Sealer(process, keys_of(folder, process, "signing"), keyring(folder), now=clock)


def opener(folder: Path, process: str, clock: Clock = utc_now) -> Opener:
    """What a process opens with."""
    return Opener(process, keys_of(folder, process, "opening"), keyring(folder), now=clock)


def rotate(folder: Path, process: str, name: str, at: datetime) -> str:
    """A new key, in use at once; the new key's id. Key files are looked at again within a second."""
    return keys.rotate(folder, process, name, at, timedelta(0))


def revoke(folder: Path, process: str, name: str, at: datetime) -> str:
    """The key in use is revoked as of `at`, and a new one is in use at once; the new key's id."""
    now_used = keys_of(folder, process, name)().current(at)
    return keys.revoke(folder, process, name, now_used.id, since=at, now=at, pause=timedelta(0))
