"""A writer's signing key and the keyring that knows it, from fixed bytes."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.seals.keys import Key, KeyHistory, Keyring, key_id

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WRITER = "gateway-accept"


def signing_pair(private: bytes, writer: str = WRITER) -> tuple[KeyHistory, Keyring]:
    """The secret history and everybody's keyring."""
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    secret, shown = (Key(key_id(public), NOON, material) for material in (private, public))
    return KeyHistory.of([secret]), Keyring({}, {writer: KeyHistory.of([shown])})
