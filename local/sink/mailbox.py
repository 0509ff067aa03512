"""Keeps mails as they came: one .eml and one .json (the envelope) each, on disk before anybody is told so."""

import json
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path


@dataclass(frozen=True)
class Kept:
    """A mail in the mailbox: its envelope, and what a list shows of it."""

    id: str
    received_at: str
    sender: str
    to: tuple[str, ...]
    subject: str
    message_id: str


class Mailbox:
    """A folder of mails; the list of them is in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._kept = {kept.id: kept for kept in map(_read, sorted(folder.glob("*.json")))}

    def keep(self, sender: str, to: Sequence[str], raw: bytes) -> Kept:
        """Durable when it returns; blocks for as long as the disk does."""
        headers = message_from_bytes(raw, policy=policy.default)
        kept = Kept(
            id=f"{time.time_ns():019d}-{secrets.token_hex(3)}",
            received_at=datetime.now(UTC).isoformat(),
            sender=sender,
            to=tuple(to),
            subject=str(headers.get("subject", "")),
            message_id=str(headers.get("message-id", "")),
        )
        self._write(f"{kept.id}.eml", raw)
        # The envelope last: a mail that has one is whole.
        self._write(f"{kept.id}.json", json.dumps(asdict(kept)).encode())
        self._kept[kept.id] = kept
        return kept

    def newest(self, to: str | None = None) -> list[Kept]:
        """All mails, or those for one recipient, newest first."""
        mails = sorted(self._kept.values(), key=lambda kept: kept.id, reverse=True)
        return [kept for kept in mails if to is None or to.lower() in map(str.lower, kept.to)]

    def find(self, id_: str) -> Kept | None:
        """One mail, if it is here."""
        return self._kept.get(id_)

    def raw(self, kept: Kept) -> bytes:
        """The bytes that came."""
        return (self._folder / f"{kept.id}.eml").read_bytes()

    def _write(self, name: str, content: bytes) -> None:
        part = self._folder / f".{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> Kept:
    fields = json.loads(path.read_bytes())
    return Kept(**{**fields, "to": tuple(fields["to"])})
