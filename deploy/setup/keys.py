"""The secrets of each process: one folder a process. Made once; rotated and revoked by hand, never forgotten.

`key_command` is the same for people.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.digests import from_base64url, to_base64url
from shared.seals.keys import key_id

PASSWORDS = ("kafka-password", "mongo-password")
# A signing key makes its process a writer in everyone's keyring (Ed25519), an opening key a reader (X25519).
SIGNING, OPENING = "signing", "opening"
KEYS: Mapping[str, tuple[str, ...]] = {
    "gateway-accept": (SIGNING, "pseudonym", "receipt"),
    "gateway-status": (),
    "verifier": (SIGNING, OPENING, "token", "address"),
    "moderation": (SIGNING, OPENING, "report-token", "names"),
    "mailer-letters": (OPENING, "message-id", "suppression", "block-token"),
    "mailer-confirmations": (OPENING, "message-id", "suppression", "block-token"),
    "audit": (OPENING, "answer", "log"),
}
SHARED = ("suppression", "block-token")
"""Both mailer roles know who blocked us, so these keys are the same for both."""
ADMINISTRATORS = ("kafka", "mongo", "audit-mongo")
"""One folder a server with its administrator's password: for that server and its part of the set-up step alone."""
PAIRS = (SIGNING, OPENING, "answer", "log")
KEY_BYTES = 32
CLOCK_BEHIND = timedelta(days=1)
"""A first key is in use from so much before it was made, so that a process whose clock is behind can work with it."""
KEYRING = "keyring.json"

Entry = dict[str, Any]


class NoSuchKey(Exception):
    """What was asked for is not there; the text says what is."""


@dataclass(frozen=True)
class Listed:
    """One key, as people see it: nothing of the key itself."""

    process: str
    name: str
    id: str
    since: str
    until: str | None
    revoked: str | None


def make(folder: Path, now: datetime) -> None:
    """Make every secret that is missing, and give each process the public keyring. Replaces nothing."""
    passwords = [folder / process / name for process in KEYS for name in PASSWORDS]
    for path in [*passwords, *(admin_password(folder / "setup", server) for server in ADMINISTRATORS)]:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _write(path, to_base64url(secrets.token_bytes(KEY_BYTES)))
    for name in {name for names in KEYS.values() for name in names}:
        owners = [process for process, names in KEYS.items() if name in names]
        for group in [owners] if name in SHARED else [[owner] for owner in owners]:
            _make_missing(folder, group, name, now)
    _publish(folder)


def admin_password(folder: Path, server: str) -> Path:
    """Where an administrator's password lies."""
    return folder / server / f"{server}-password"


def every(folder: Path) -> Iterator[Listed]:
    """All keys of all processes, the newest first within a name."""
    for process, names in KEYS.items():
        for name in names:
            for entry in _sorted(_read(folder, process, name)):
                yield Listed(process, name, entry["id"], entry["from"], entry["until"], entry["revoked"])


def rotate(folder: Path, process: str, name: str, now: datetime, overlap: timedelta) -> str:
    """Make a new key, in use from `now + overlap`: by then everybody has read of it. The new key's id."""
    since = now + overlap
    fresh = _fresh(name, since)
    for owner in _owners(process, name):
        entries = [
            {**entry, "until": entry["until"] if entry["until"] is not None else _text(since)}
            for entry in _read(folder, owner, name)
        ]
        _store(folder, owner, name, [*entries, fresh])
    _publish(folder)
    return str(fresh["id"])


def revoke(folder: Path, process: str, name: str, key: str, *, since: datetime, now: datetime, pause: timedelta) -> str:
    """Believe nothing that this key signs and a reader stores after `since`. The id of the new key.

    The new one is in use from `now + pause`: until then nothing is sealed or signed, so that no reader meets it before
    it has read of it. Accepting answers 503 meanwhile, and everything else waits.
    """
    if key not in {entry["id"] for entry in _read(folder, process, name)}:
        raise NoSuchKey(f"{process} has no {name} key {key}; `list` shows those that there are")
    fresh = _fresh(name, now + pause)
    for owner in _owners(process, name):
        entries = [
            {**entry, "revoked": _text(since), "until": _text(min(_end(entry, now), now))}
            if entry["id"] == key
            else entry
            for entry in _read(folder, owner, name)
        ]
        _store(folder, owner, name, [*entries, fresh])
    _publish(folder)
    return str(fresh["id"])


def _make_missing(folder: Path, owners: list[str], name: str, now: datetime) -> None:
    known = next((entries for owner in owners if (entries := _read(folder, owner, name, missing_ok=True))), None)
    entries = known or [_fresh(name, now - CLOCK_BEHIND)]
    for owner in owners:
        if not _read(folder, owner, name, missing_ok=True):
            _store(folder, owner, name, entries)


def _owners(process: str, name: str) -> list[str]:
    if name not in KEYS.get(process, ()):
        known = ", ".join(KEYS.get(process, ())) or f"one of the processes {', '.join(KEYS)}"
        raise NoSuchKey(f"{process} has no key called {name}; choose {known}")
    return [owner for owner, names in KEYS.items() if name in names] if name in SHARED else [process]


def _fresh(name: str, since: datetime) -> Entry:
    key = secrets.token_bytes(KEY_BYTES)
    named = _public(name, key) if name in PAIRS else key
    return {"id": key_id(named), "from": _text(since), "until": None, "revoked": None, "key": to_base64url(key)}


def _public(name: str, private: bytes) -> bytes:
    if name == OPENING:
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _publish(folder: Path) -> None:
    text = (
        json.dumps({side: _public_side(folder, side) for side in (OPENING, SIGNING)}, indent=2, sort_keys=True) + "\n"
    )
    for process in KEYS:
        path = folder / process / KEYRING
        if not path.exists() or path.read_text() != text:
            _write(path, text)


def _public_side(folder: Path, name: str) -> dict[str, list[Entry]]:
    side = {}
    for process, names in KEYS.items():
        if name in names:
            side[process] = [
                {
                    **{field: entry[field] for field in ("id", "from", "until", "revoked")},
                    "public_key": to_base64url(_public(name, from_base64url(entry["key"]))),
                }
                for entry in _sorted(_read(folder, process, name))
            ]
    return side


def _read(folder: Path, process: str, name: str, *, missing_ok: bool = False) -> list[Entry]:
    path = folder / process / f"{name}.json"
    if not path.exists():
        if missing_ok:
            return []
        raise NoSuchKey(f"there is no {process}/{name}.json in the folder; `make` makes what is missing")
    entries: list[Entry] = json.loads(path.read_text())["keys"]
    return entries


def _store(folder: Path, process: str, name: str, entries: list[Entry]) -> None:
    _write(folder / process / f"{name}.json", json.dumps({"keys": _sorted(entries)}, indent=2) + "\n")


def _sorted(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: datetime.fromisoformat(entry["from"]), reverse=True)


def _end(entry: Entry, otherwise: datetime) -> datetime:
    return otherwise if entry["until"] is None else datetime.fromisoformat(entry["until"])


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _write(path: Path, text: str) -> None:
    # Whole or not at all: a key cut short by a crash would be kept for ever.
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
