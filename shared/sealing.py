"""Seals: one data key a record, wrapped for whoever may read it. This module seals; it opens nothing.

A writer makes fresh secrets S for a short *window*, one for each reader of each purpose, and seals each once by HPKE
(RFC 9180, X25519, HKDF-SHA256, AES-256-GCM) to the reader's public key. Each record then costs symmetric work only:

    P(reader)  = HMAC-SHA256(S(reader), purpose ‖ 0 ‖ record_id)
    wrap       = AES-256-GCM(KDF(P of all who must agree), data key)
    ciphertext = AES-256-GCM(data key, padded plaintext)

KDF is the one-step key derivation of NIST SP 800-56C rev. 2, section 4, with SHA-256.

Both are bound to the header, the subject (leak_id), the record_id and a commitment to the data key. Every key seals one
plaintext, so the nonce is zero. A reader releases one P, and nothing else of the window opens. The header is signed
(Ed25519) by the writer, so that whoever can write a topic can't forge a window.

Text form: `lk1.<header>.<signature>.<record>`, each base64url; record = record_id (16) ‖ commitment (32) ‖
one wrap (48) for each entry of the header's access list ‖ ciphertext.
"""

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from shared.digests import from_base64url, sha256, to_base64url

SUITE = "lk1"
HPKE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
ZERO_NONCE = bytes(12)
RECORD_ID_BYTES = 16
COMMITMENT_BYTES = 32
WRAP_BYTES = 32 + 16
WINDOW_MAX_S = 1.0
WINDOW_MAX_RECORDS = 500


@dataclass(frozen=True)
class Purpose:
    """Who may read a kind of plaintext (each entry: all who must agree), and the lengths it is padded to, in bytes."""

    access: tuple[tuple[str, ...], ...]
    lengths: tuple[int, ...]

    @property
    def readers(self) -> tuple[str, ...]:
        """Every reader that holds a share."""
        return tuple(sorted({reader for group in self.access for reader in group}))


MESSAGE_LENGTHS = (512, 1_024, 2_048, 4_096, 8_448)
PURPOSES: Mapping[str, Purpose] = {
    "origin": Purpose((("audit",),), (1_536,)),
    "sender": Purpose((("verifier",),), (384,)),
    "recipient": Purpose((("mailer",),), (384,)),
    "message": Purpose((("moderation",), ("mailer",)), MESSAGE_LENGTHS),
    "challenge": Purpose((("mailer",),), (768,)),
    "threat": Purpose((("audit",),), MESSAGE_LENGTHS),
    "report": Purpose((("moderation",),), MESSAGE_LENGTHS),
}


class SealBroken(Exception):
    """A seal that is malformed, not signed by a known writer, or not made for this reader, purpose or subject."""


@dataclass(frozen=True)
class Keyring:
    """Public keys: of readers, to seal to; of writers, to check signatures. Each with its key id."""

    readers: Mapping[str, tuple[str, bytes]]
    writers: Mapping[str, tuple[str, bytes]]

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Read `keyring.json`: {"readers" | "writers": {name: {"key_id", "public_key" (base64url)}}}."""
        raw = json.loads(path.read_text())
        return cls(
            *(
                {name: (entry["key_id"], from_base64url(entry["public_key"])) for name, entry in raw[side].items()}
                for side in ("readers", "writers")
            )
        )


@dataclass
class _Window:
    ends_at: float
    pid: int
    secrets: Mapping[str, bytes]
    header_digest: bytes
    prefix: str
    records: int = 0


class Sealer:
    """Seals for one writer. Cheap: public-key work happens once a window and purpose, not once a record."""

    def __init__(
        self,
        writer: str,
        signing_key: bytes,
        keyring: Keyring,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._writer = writer
        self._signing_key = Ed25519PrivateKey.from_private_bytes(signing_key)
        self._key_id = key_id(self._signing_key.public_key().public_bytes_raw())
        self._keyring = keyring
        self._monotonic = monotonic
        self._now = now
        self._windows: dict[str, _Window] = {}

    def seal(self, purpose: str, subject: str, plaintext: bytes) -> str:
        """Seal one plaintext about `subject` to the readers of `purpose`. ValueError when it is too long to pad."""
        window = self._window(purpose)
        window.records += 1
        fresh = secrets.token_bytes(RECORD_ID_BYTES + 32)
        record_id, data_key = fresh[:RECORD_ID_BYTES], fresh[RECORD_ID_BYTES:]
        commitment = commit(data_key, record_id)
        bound = _bound(window.header_digest, subject, record_id, commitment)
        wraps = b"".join(
            AESGCM(wrapping_key([share(window.secrets[reader], purpose, record_id) for reader in group])).encrypt(
                ZERO_NONCE, data_key, bound
            )
            for group in PURPOSES[purpose].access
        )
        ciphertext = AESGCM(data_key).encrypt(ZERO_NONCE, pad(plaintext, PURPOSES[purpose].lengths), bound)
        return window.prefix + to_base64url(record_id + commitment + wraps + ciphertext)

    def drop_stale(self) -> None:
        """Forget the secrets of windows that ended; a timer calls this, so that an idle process holds none."""
        now = self._monotonic()
        self._windows = {purpose: window for purpose, window in self._windows.items() if window.ends_at > now}

    def _window(self, purpose: str) -> _Window:
        window = self._windows.get(purpose)
        if (
            window is None
            or window.records >= WINDOW_MAX_RECORDS
            or window.ends_at <= self._monotonic()
            or window.pid != os.getpid()
        ):
            window = self._windows[purpose] = self._open_window(purpose)
        return window

    def _open_window(self, purpose: str) -> _Window:
        now = self._now()
        fresh = {reader: secrets.token_bytes(32) for reader in PURPOSES[purpose].readers}
        base = {
            "suite": SUITE,
            "purpose": purpose,
            "window": secrets.token_hex(16),
            "day": now.strftime("%Y-%m-%d"),
            "writer": self._writer,
            "writer_key": self._key_id,
            "access": PURPOSES[purpose].access,
        }
        info = json.dumps(base, separators=(",", ":")).encode()
        readers = {}
        for reader, secret in fresh.items():
            reader_key, public = self._keyring.readers[reader]
            sealed = HPKE.encrypt(secret, X25519PublicKey.from_public_bytes(public), info=info)
            readers[reader] = {"key": reader_key, "secret": to_base64url(sealed)}
        header = json.dumps({**base, "readers": readers}, separators=(",", ":")).encode()
        prefix = f"{SUITE}.{to_base64url(header)}.{to_base64url(self._signing_key.sign(header))}."
        lasts_s = min(WINDOW_MAX_S, _seconds_left_today(now))
        return _Window(self._monotonic() + lasts_s, os.getpid(), fresh, hashlib.sha256(header).digest(), prefix)


@dataclass(frozen=True)
class Seal:
    """A sealed text taken apart; nothing in it is secret, and nothing is checked but its form."""

    header_bytes: bytes
    signature: bytes
    header: Mapping[str, object]
    record_id: bytes
    commitment: bytes
    wraps: tuple[bytes, ...]
    ciphertext: bytes

    @property
    def purpose(self) -> str:
        """What the plaintext is."""
        return str(self.header["purpose"])

    def sealed_secret(self, reader: str) -> tuple[str, bytes, bytes]:
        """(key id, HPKE ciphertext of the window secret, HPKE info) for one reader; SealBroken if it has none."""
        readers = self.header["readers"]
        if not isinstance(readers, dict) or reader not in readers:
            raise SealBroken("not sealed to this reader")
        base = {name: value for name, value in self.header.items() if name != "readers"}
        info = json.dumps(base, separators=(",", ":")).encode()
        return readers[reader]["key"], from_base64url(readers[reader]["secret"]), info


def parse(sealed: str) -> Seal:
    """Take a sealed text apart; SealBroken when it hasn't the form."""
    try:
        suite, header, signature, record = sealed.split(".")
        header_bytes, fields = _header(header)
        raw, signed = from_base64url(record), from_base64url(signature)
        purpose = PURPOSES[str(fields["purpose"])]
        if suite != SUITE or fields["suite"] != SUITE or fields["access"] != [list(group) for group in purpose.access]:
            raise SealBroken("unknown suite or access")
    except (ValueError, KeyError, TypeError) as broken:
        raise SealBroken("not a seal") from broken
    wraps_at = RECORD_ID_BYTES + COMMITMENT_BYTES
    body_at = wraps_at + WRAP_BYTES * len(purpose.access)
    if len(raw) - body_at - 16 not in purpose.lengths:
        raise SealBroken("not a length that seals have")
    wraps = tuple(raw[at : at + WRAP_BYTES] for at in range(wraps_at, body_at, WRAP_BYTES))
    return Seal(
        header_bytes, signed, fields, raw[:RECORD_ID_BYTES], raw[RECORD_ID_BYTES:wraps_at], wraps, raw[body_at:]
    )


@lru_cache(maxsize=512)
def _header(text: str) -> tuple[bytes, Mapping[str, object]]:
    raw = from_base64url(text)
    fields = json.loads(raw)
    if not isinstance(fields, dict):
        raise SealBroken("not a header")
    return raw, fields


def verify(seal: Seal, keyring: Keyring, *, writer: str) -> None:
    """Check that `writer` signed the window's header; SealBroken otherwise. Cached a window."""
    known = keyring.writers.get(writer)
    if known is None or seal.header.get("writer") != writer or seal.header.get("writer_key") != known[0]:
        raise SealBroken("not from a known writer")
    if not _signed(known[1], seal.signature, seal.header_bytes):
        raise SealBroken("the signature does not hold")


@lru_cache(maxsize=1_024)
def _signed(public_key: bytes, signature: bytes, header: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, header)
    except InvalidSignature:
        return False
    return True


def share(secret: bytes, purpose: str, record_id: bytes) -> bytes:
    """P: what a reader releases for one record and nothing else."""
    return hmac.digest(secret, purpose.encode() + b"\x00" + record_id, "sha256")


def wrapping_key(shares: list[bytes]) -> bytes:
    """The key that wraps a data key, from the shares of all who must agree, in the access list's order."""
    # One hash; HKDF's extract and expand cost three times as much, several times a record, and the shares are uniform.
    return ConcatKDFHash(hashes.SHA256(), 32, b"leak wrap").derive(b"".join(shares))


def commit(data_key: bytes, record_id: bytes) -> bytes:
    """GCM commits to no key; this does, so that one record can't open to two plaintexts."""
    # A plain hash hides the key, since the key is 256 random bits.
    return hashlib.sha256(b"leak commitment\x00" + record_id + data_key).digest()


def associated_data(header: bytes, subject: str, record_id: bytes, commitment: bytes) -> bytes:
    """What wraps and ciphertext are bound to."""
    return _bound(hashlib.sha256(header).digest(), subject, record_id, commitment)


def _bound(header_digest: bytes, subject: str, record_id: bytes, commitment: bytes) -> bytes:
    return header_digest + subject.encode() + b"\x00" + record_id + commitment


def _seconds_left_today(now: datetime) -> float:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - now).total_seconds()


def pad(plaintext: bytes, lengths: tuple[int, ...]) -> bytes:
    """Length (4 bytes, big-endian), plaintext, zeros, up to the least of `lengths` that holds it."""
    length = next((length for length in lengths if length >= len(plaintext) + 4), None)
    if length is None:
        raise ValueError("too long to seal")
    return (len(plaintext).to_bytes(4, "big") + plaintext).ljust(length, b"\x00")


def key_id(public_key: bytes) -> str:
    """Names a public key: the first 8 bytes of its SHA-256, in hexadecimal."""
    return sha256(public_key)[:16]


def seal_to_receipt(receipt_key: str, leak_id: str, plaintext: bytes) -> str:
    """HPKE to a receipt's public key, bound to the leak; waits unreadable until the receipt is typed in."""
    public = X25519PublicKey.from_public_bytes(from_base64url(receipt_key))
    return to_base64url(HPKE.encrypt(pad(plaintext, MESSAGE_LENGTHS), public, info=receipt_info(leak_id)))


def receipt_info(leak_id: str) -> bytes:
    """The HPKE info of what is sealed to a receipt."""
    return b"leak receipt\x00" + leak_id.encode()
