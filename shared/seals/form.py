"""The form of a seal, and the arithmetic that sealing and opening share.

A writer makes fresh secrets S for a short *window*, one for each reader of each purpose, and seals each once by HPKE
(RFC 9180, X25519, HKDF-SHA256, AES-256-GCM) to the reader's public key. Each record then costs symmetric work only:

    P(reader)  = HMAC-SHA256(S(reader), purpose ‖ 0 ‖ record_id)
    wrap       = AES-256-GCM(KDF(P of all who must agree), data key)
    ciphertext = AES-256-GCM(data key, padded plaintext)

KDF is the one-step key derivation of NIST SP 800-56C rev. 2, section 4, with SHA-256.

Both are bound to the header, the subject (leak_id), the record_id and a commitment to the data key. Every key seals one
plaintext, so the nonce is zero. A reader releases one P, and nothing else of the window opens. The header is signed
(Ed25519) by the writer and names every key by its id, so that whoever can write a topic can't forge a window.

Text form: `lk1.<header>.<signature>.<record>`, each base64url; record = record_id (16) ‖ commitment (32) ‖
one wrap (48) for each entry of the header's access list ‖ ciphertext.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from shared.digests import from_base64url
from shared.seals.errors import KeyMissing, SealBroken
from shared.seals.keys import Keyring
from shared.seals.purposes import PURPOSES

SUITE = "lk1"
HPKE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
ZERO_NONCE = bytes(12)
RECORD_ID_BYTES = 16
COMMITMENT_BYTES = 32
WRAP_BYTES = 32 + 16


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
        try:
            return readers[reader]["key"], from_base64url(readers[reader]["secret"]), info
        except (KeyError, TypeError, ValueError) as strange:
            raise SealBroken("a header without its secrets") from strange


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


def verify(seal: Seal, keyring: Keyring, *, writer: str, stored_at: datetime) -> None:
    """Check that `writer` signed the window's header with a key that was good when the reader stored the seal.

    SealBroken otherwise. The signature itself is checked once a window.
    """
    if seal.header.get("writer") != writer:
        raise SealBroken("not from a known writer")
    check_signature(keyring, writer, str(seal.header.get("writer_key")), seal.signature, seal.header_bytes, stored_at)


def check_signature(  # noqa: PLR0917  # what is checked, and by what
    keyring: Keyring, writer: str, key_id: str, signature: bytes, signed: bytes, stored_at: datetime
) -> None:
    """SealBroken unless this key of the writer made the signature, and was not revoked when it was stored."""
    try:
        key = keyring.writer(writer).named(key_id)
    except KeyMissing as unknown:
        raise SealBroken("not from a known writer") from unknown
    if key.is_revoked(stored_at):
        raise SealBroken("signed with a revoked key")
    if not _signed(key.material, signature, signed):
        raise SealBroken("the signature does not hold")


@lru_cache(maxsize=1_024)
def _signed(public_key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
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


def associated_data(header_digest: bytes, subject: str, record_id: bytes, commitment: bytes) -> bytes:
    """What wraps and ciphertext are bound to; `header_digest` is the SHA-256 of the header."""
    return header_digest + subject.encode() + b"\x00" + record_id + commitment


def pad(plaintext: bytes, lengths: tuple[int, ...]) -> bytes:
    """Length (4 bytes, big-endian), plaintext, zeros, up to the least of `lengths` that holds it."""
    length = next((length for length in lengths if length >= len(plaintext) + 4), None)
    if length is None:
        raise ValueError("too long to seal")
    return (len(plaintext).to_bytes(4, "big") + plaintext).ljust(length, b"\x00")


def unpad(padded: bytes) -> bytes:
    """The plaintext that `pad` was given."""
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")]
