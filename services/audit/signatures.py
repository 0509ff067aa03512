"""The service's own signatures (Ed25519), on log entries and on answers, under keys with a history. No I/O."""

from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.digests import from_base64url, to_base64url
from shared.seals.keys import Key, KeyHistory


def sign(secret: Key, signed: bytes) -> str:
    """The signature as base64url."""
    return to_base64url(Ed25519PrivateKey.from_private_bytes(secret.material).sign(signed))


def is_signed(public: Key, signed: bytes, signature: str) -> bool:
    """Whether the secret half of this key made the signature; a text that is none was not."""
    try:
        Ed25519PublicKey.from_public_bytes(public.material).verify(from_base64url(signature), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_half(secret: KeyHistory) -> KeyHistory:
    """The same keys, with what checks signatures instead of what makes them."""
    return KeyHistory(tuple(replace(key, material=_public_bytes(key)) for key in secret.keys))


def _public_bytes(secret: Key) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret.material).public_key().public_bytes_raw()
