"""The secrets of each service: one folder a service, made once, never replaced.

`python -m deploy.setup.keys FOLDER` makes them without any server, for a cluster that mounts them as secrets.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.digests import from_base64url, to_base64url
from shared.sealing import key_id

PASSWORDS = ("kafka-password", "mongo-password")
# A signing key makes its service a writer in everyone's keyring (Ed25519), an opening key a reader (X25519).
SIGNING, OPENING = "signing.key", "opening.key"
KEYS: Mapping[str, tuple[str, ...]] = {
    "gateway": (SIGNING, "pseudonym.key", "receipt.key"),
    "verifier": (SIGNING, OPENING, "token.key", "address.key"),
    "moderation": (SIGNING, OPENING, "pseudonym.key"),
    "mailer": (OPENING, "token.key", "address.key", "message-id.key"),
    "audit": (OPENING, "answer.key", "log.key"),
    # The administrators' passwords: for the set-up step and the servers alone.
    "setup": ("audit-mongo-password",),
}
KEY_BYTES = 32
KEYRING = "keyring.json"


def make(folder: Path) -> None:
    """Make every secret that is missing, and give each service the public keyring."""
    for service, names in KEYS.items():
        own = folder / service
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (*PASSWORDS, *names):
            if not (own / name).exists():
                _write(own / name, to_base64url(secrets.token_bytes(KEY_BYTES)))
    keyring = _keyring(folder)
    for service in KEYS:
        path = folder / service / KEYRING
        if not path.exists() or path.read_text() != keyring:
            _write(path, keyring)


def _keyring(folder: Path) -> str:
    sides = {"readers": _public(folder, OPENING, _opening_public), "writers": _public(folder, SIGNING, _signing_public)}
    return json.dumps(sides, indent=2, sort_keys=True) + "\n"


def _public(folder: Path, name: str, public: Callable[[bytes], bytes]) -> dict[str, dict[str, str]]:
    entries = {}
    for service, names in KEYS.items():
        if name in names:
            key = public(from_base64url((folder / service / name).read_text()))
            entries[service] = {"key_id": key_id(key), "public_key": to_base64url(key)}
    return entries


def _opening_public(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _signing_public(private: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _write(path: Path, text: str) -> None:
    # Whole or not at all: a key cut short by a crash would be kept for ever.
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
