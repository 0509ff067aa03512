"""Opens what is sealed to a process. It has no way to open an origin: that code is in services/audit alone."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from shared.seals.contents import Content
from shared.seals.errors import KeyMissing, SealBroken
from shared.seals.form import (
    HPKE,
    ZERO_NONCE,
    Seal,
    associated_data,
    commit,
    parse,
    share,
    unpad,
    verify,
    wrapping_key,
)
from shared.seals.keys import KeyringSource, KeySource
from shared.seals.purposes import ORIGIN, Purpose

C = TypeVar("C", bound=Content)


class Opener:
    """Opens, for one reader, what its writers sealed."""

    def __init__(
        self,
        reader: str,
        opening: KeySource,
        keyring: KeyringSource,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader = reader
        self._opening = opening
        self._keyring = keyring
        self._now = now
        # A window's secret serves up to 500 records; the cache is small so that old secrets leave memory.
        self._secret = lru_cache(maxsize=64)(self._open_secret)

    def open(self, purpose: Purpose[C], subject: str, sealed: str, *, stored_at: datetime | None = None) -> C:
        """The content; SealBroken when the seal is not whole, not for us, or about another subject or purpose.

        `stored_at`: when the reader stored the seal, if it did: a key that was revoked later still signed it rightly.
        """
        seal = parse(sealed)
        if seal.purpose != purpose.name or purpose.name == ORIGIN.name:
            raise SealBroken("another purpose")
        verify(seal, self._keyring(), writer=purpose.writer, stored_at=stored_at or self._now())
        secret = self._secret(*seal.sealed_secret(self._reader))
        return content_of(purpose, unwrap(seal, subject, {self._reader: share(secret, purpose.name, seal.record_id)}))

    def _open_secret(self, key_id: str, sealed_secret: bytes, info: bytes) -> bytes:
        return window_secret(self._opening, key_id, sealed_secret, info)


def window_secret(opening: KeySource, key_id: str, sealed_secret: bytes, info: bytes) -> bytes:
    """A reader's secret of one window, by the key that the header names, revoked or not. Raises SealBroken."""
    try:
        private = X25519PrivateKey.from_private_bytes(opening().named(key_id).material)
        return HPKE.decrypt(sealed_secret, private, info=info)
    except KeyMissing as unknown:
        raise SealBroken("sealed to a key that this reader does not hold") from unknown
    except (InvalidTag, ValueError) as broken:
        raise SealBroken("the window's secret does not open") from broken


def unwrap(seal: Seal, subject: str, shares: Mapping[str, bytes]) -> bytes:
    """The plaintext of one record, given the released shares P of enough readers; SealBroken otherwise."""
    header_digest = hashlib.sha256(seal.header_bytes).digest()
    bound = associated_data(header_digest, subject, seal.record_id, seal.commitment)
    access: list[list[str]] = seal.header["access"]  # type: ignore[assignment]  # parse() compared it with PURPOSES
    for group, wrap in zip(access, seal.wraps, strict=True):
        if not set(group) <= set(shares):
            continue
        try:
            data_key = AESGCM(wrapping_key([shares[reader] for reader in group])).decrypt(ZERO_NONCE, wrap, bound)
            padded = AESGCM(data_key).decrypt(ZERO_NONCE, seal.ciphertext, bound)
        except InvalidTag as broken:
            raise SealBroken("the seal does not hold") from broken
        if not hmac.compare_digest(commit(data_key, seal.record_id), seal.commitment):
            raise SealBroken("another data key than the header commits to")
        return unpad(padded)
    raise SealBroken("not enough shares")


def content_of(purpose: Purpose[C], plaintext: bytes) -> C:
    """The model of what was inside; SealBroken when it has another shape."""
    try:
        return purpose.content.model_validate_json(plaintext)
    except ValidationError as strange:
        raise SealBroken("opened, and it is something else") from strange
