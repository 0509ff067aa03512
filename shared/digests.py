"""Digests that stand for what must not be kept: tokens and addresses."""

import base64
import hashlib
import hmac

from shared.events.values import TokenDigestText


def sha256(value: str | bytes) -> str:
    """SHA-256 in hexadecimal; text is taken as UTF-8."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def token_digest(token: str) -> TokenDigestText:
    """What travels and is stored instead of a token; tokens have 128 bits, so no key is needed."""
    return TokenDigestText(sha256(token))


def keyed_digest(key: bytes, label: str, value: str) -> str:
    """HMAC-SHA-256 in hexadecimal. `label` keeps uses of one key apart; without the key nobody can try values."""
    return hmac.digest(key, label.encode() + b"\x00" + value.encode(), "sha256").hex()


def to_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of an unpadded base64url text; raises ValueError on anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
