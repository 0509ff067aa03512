"""Digests that stand for what must not be kept: tokens and addresses."""

import base64
import hashlib
import hmac


def sha256(value: str | bytes) -> str:
    """SHA-256 in hexadecimal; text is taken as UTF-8."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def token_digest(token: str) -> str:
    """What travels and is stored instead of a token; tokens have 128 bits, so no key is needed."""
    return sha256(token)


def keyed_digest(key: bytes, label: str, value: str) -> str:
    """HMAC-SHA-256 in hexadecimal. `label` keeps uses of one key apart; without the key nobody can try values."""
    return hmac.digest(key, label.encode() + b"\x00" + value.encode(), "sha256").hex()


def normalise_address(address: str) -> str:
    """One spelling an address, so that a block or a limit meets every spelling of it.

    The domain is lower-cased and written in IDNA; the local part is lower-cased too: RFC 5321 lets a host tell cases
    apart, no provider in use does, and a block that misses "Anna@" would be no block. A sub-address (`+tag`) is
    dropped for the same reason.
    """
    local, _, domain = address.strip().rpartition("@")
    local = local.lower().split("+", 1)[0] or local.lower()
    return f"{local}@{_ascii_domain(domain)}"


def domain_of(address: str) -> str:
    """The domain of an address, in one spelling."""
    return _ascii_domain(address.strip().rpartition("@")[2])


def _ascii_domain(domain: str) -> str:
    lowered = domain.lower().rstrip(".")
    try:
        return lowered.encode("idna").decode()
    except UnicodeError:
        return lowered


def to_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of an unpadded base64url text; raises ValueError on anything else."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
