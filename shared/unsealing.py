"""Opens what is sealed to a service. It has no way to open an origin: that code is in services/audit alone."""

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.sealing import (
    HPKE,
    ZERO_NONCE,
    Keyring,
    Seal,
    SealBroken,
    associated_data,
    commit,
    key_id,
    parse,
    share,
    verify,
    wrapping_key,
)

WRITERS = {
    "sender": "gateway",
    "recipient": "gateway",
    "message": "gateway",
    "report": "gateway",
    "challenge": "verifier",
    "threat": "moderation",
}
"""Who seals what; origins are not in it, so an `Opener` refuses them."""


class Opener:
    """Opens, for one reader, what its writers sealed."""

    def __init__(self, reader: str, opening_key: bytes, keyring: Keyring) -> None:
        self._reader = reader
        self._private = X25519PrivateKey.from_private_bytes(opening_key)
        self._key_id = key_id(self._private.public_key().public_bytes_raw())
        self._keyring = keyring
        # A window's secret serves up to 500 records; the cache is small so that old secrets leave memory.
        self._secret = lru_cache(maxsize=64)(self._open_secret)

    def open(self, purpose: str, subject: str, sealed: str) -> bytes:
        """The plaintext; SealBroken when the seal is not whole, not for us, or about another subject or purpose."""
        seal = parse(sealed)
        if seal.purpose != purpose or purpose not in WRITERS:
            raise SealBroken("another purpose")
        verify(seal, self._keyring, writer=WRITERS[purpose])
        secret = self._secret(*seal.sealed_secret(self._reader))
        return unwrap(seal, subject, {self._reader: share(secret, purpose, seal.record_id)})

    def _open_secret(self, reader_key: str, sealed_secret: bytes, info: bytes) -> bytes:
        if reader_key != self._key_id:
            raise SealBroken("sealed to a key that this reader does not hold")
        try:
            return HPKE.decrypt(sealed_secret, self._private, info=info)
        except InvalidTag as broken:
            raise SealBroken("the window's secret does not open") from broken


def unwrap(seal: Seal, subject: str, shares: dict[str, bytes]) -> bytes:
    """The plaintext of one record, given the released shares P of enough readers; SealBroken otherwise."""
    bound = associated_data(seal.header_bytes, subject, seal.record_id, seal.commitment)
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
        return padded[4 : 4 + int.from_bytes(padded[:4], "big")]
    raise SealBroken("not enough shares")
