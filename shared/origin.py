"""What an origin is: the shape the gateway seals and audit, under an order, reads. Opens nothing."""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, Self

# The sealer pads every origin to one length; the longest address pair, sender and proxy together stay under this.
MAX_ORIGIN_BYTES = 1000


@dataclass(frozen=True, slots=True)
class Origin:
    """One act's origin. `captured_at_ns` is text because JSON numbers stop being exact at 2^53 (RFC 8785)."""

    address: str
    port: int | None
    destination_address: str | None
    destination_port: int | None
    captured_at_ns: str
    obtained: str
    claimed_address: str | None
    sender: str
    content_digest: str

    def encode(self) -> bytes:
        """Canonical JSON. Raises ValueError when it is longer than the sealer's fixed length."""
        encoded = _canonical({name: getattr(self, name) for name in FIELDS})
        if len(encoded) > MAX_ORIGIN_BYTES:
            raise ValueError("an origin longer than its fixed length")
        return encoded

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """Ignores fields it doesn't know, so that a later gateway can add one. Raises ValueError."""
        told = json.loads(encoded)
        try:
            return cls(**{name: told[name] for name in FIELDS})
        except (KeyError, TypeError) as missing:
            raise ValueError("not an origin") from missing


FIELDS = tuple(field.name for field in fields(Origin))
_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_digest(message: str, recipient: str) -> str:
    """The digest by which a mail that somebody brings is matched to its record. Hex."""
    return hashlib.sha256(b"leak content v1\n" + _canonical({"message": message, "recipient": recipient})).hexdigest()


def _canonical(value: dict[str, Any]) -> bytes:
    # With string and small-integer values and ASCII names this is RFC 8785, in a twentieth of the library's time.
    return _JSON.encode(value).encode()
