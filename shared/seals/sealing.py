"""Seals what a writer has to say to its readers. Cheap: public-key work happens once a window, not once a record."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.digests import to_base64url
from shared.events.values import SealedText
from shared.seals.contents import Content
from shared.seals.form import (
    HPKE,
    RECORD_ID_BYTES,
    SUITE,
    ZERO_NONCE,
    associated_data,
    commit,
    pad,
    share,
    wrapping_key,
)
from shared.seals.keys import KeyringSource, KeySource
from shared.seals.purposes import Purpose

WINDOW_MAX_S = 1.0
WINDOW_MAX_RECORDS = 500

C = TypeVar("C", bound=Content)


@dataclass
class _Window:
    ends_at: float
    pid: int
    secrets: Mapping[str, bytes]
    header_digest: bytes
    prefix: str
    records: int = 0


class Sealer:
    """Seals for one writer, to the keys that its readers have now, under the signing key that it has now."""

    def __init__(
        self,
        writer: str,
        signing: KeySource,
        keyring: KeyringSource,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._writer = writer
        self._signing = signing
        self._keyring = keyring
        self._monotonic = monotonic
        self._now = now
        self._windows: dict[str, _Window] = {}

    def seal(self, purpose: Purpose[C], subject: str, content: C) -> SealedText:
        """Seal one plaintext about `subject`.

        ValueError when it is too long to pad, or the purpose is another writer's; KeyMissing without a valid key.
        """
        window = self._window(purpose)
        window.records += 1
        fresh = secrets.token_bytes(RECORD_ID_BYTES + 32)
        record_id, data_key = fresh[:RECORD_ID_BYTES], fresh[RECORD_ID_BYTES:]
        commitment = commit(data_key, record_id)
        bound = associated_data(window.header_digest, subject, record_id, commitment)
        wraps = b"".join(
            AESGCM(wrapping_key([share(window.secrets[reader], purpose.name, record_id) for reader in group])).encrypt(
                ZERO_NONCE, data_key, bound
            )
            for group in purpose.access
        )
        plaintext = pad(content.model_dump_json().encode(), purpose.lengths)
        ciphertext = AESGCM(data_key).encrypt(ZERO_NONCE, plaintext, bound)
        return SealedText(window.prefix + to_base64url(record_id + commitment + wraps + ciphertext))

    def drop_stale(self) -> None:
        """Forget the secrets of windows that ended; a timer calls this, so that an idle process holds none."""
        now = self._monotonic()
        self._windows = {purpose: window for purpose, window in self._windows.items() if window.ends_at > now}

    def _window(self, purpose: Purpose[C]) -> _Window:
        window = self._windows.get(purpose.name)
        if (
            window is None
            or window.records >= WINDOW_MAX_RECORDS
            or window.ends_at <= self._monotonic()
            or window.pid != os.getpid()
        ):
            window = self._windows[purpose.name] = self._open_window(purpose)
        return window

    def _open_window(self, purpose: Purpose[C]) -> _Window:
        if purpose.writer != self._writer:
            raise ValueError(f"{purpose.name} is sealed by {purpose.writer} alone")
        now = self._now()
        signing = self._signing().current(now)
        keyring = self._keyring()
        fresh = {reader: secrets.token_bytes(32) for reader in purpose.readers}
        base = {
            "suite": SUITE,
            "purpose": purpose.name,
            "window": secrets.token_hex(16),
            "day": now.strftime("%Y-%m-%d"),
            "writer": self._writer,
            "writer_key": signing.id,
            "access": purpose.access,
        }
        info = json.dumps(base, separators=(",", ":")).encode()
        readers = {}
        for reader, secret in fresh.items():
            key = keyring.reader(reader).current(now)
            sealed = HPKE.encrypt(secret, X25519PublicKey.from_public_bytes(key.material), info=info)
            readers[reader] = {"key": key.id, "secret": to_base64url(sealed)}
        header = json.dumps({**base, "readers": readers}, separators=(",", ":")).encode()
        signature = Ed25519PrivateKey.from_private_bytes(signing.material).sign(header)
        prefix = f"{SUITE}.{to_base64url(header)}.{to_base64url(signature)}."
        lasts_s = min(WINDOW_MAX_S, _seconds_left_today(now))
        return _Window(self._monotonic() + lasts_s, os.getpid(), fresh, hashlib.sha256(header).digest(), prefix)


def _seconds_left_today(now: datetime) -> float:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()
