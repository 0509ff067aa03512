"""The receipt: 128 bits that a person can copy by hand, and all that is derived from them."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nacl.bindings import crypto_scalarmult_base

from shared.digests import to_base64url
from shared.seals.contents import Note
from shared.seals.keys import KeyHistory
from shared.seals.receipt import open_note

SEED_BYTES = 16
# Crockford's base32: no I, L, O or U, so that what is misread can be put right.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SEED_SYMBOLS = 26
# The largest prime under 32²: every wrong symbol and every two neighbours swapped change the remainder.
CHECK_MODULUS = 1021
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015]+")
LONGEST_TYPED = 100
# A day, and at least 128 random bits: 22 symbols of base64url; more than 200 is no key but a payload.
IDEMPOTENCY_KEY = re.compile(r"(\d{8})-([A-Za-z0-9_-]{22,200})")
# 22 random symbols of hexadecimal, the smallest alphabet in use, have fewer distinct ones once in a million times.
DISTINCT_SYMBOLS = 7
KEY_DAYS = 1
"""A key is taken on its day, in UTC, and on the next; clocks of clients may be ahead by as much."""


class KeyRefused(ValueError):
    """An Idempotency-Key that is old, weak or no key at all."""


@dataclass(frozen=True)
class IdempotencyKey:
    """A key, its day, and who uses it: an API client, or a form. The same text of another user is another key."""

    text: str
    day: str
    user: str

    @classmethod
    def read(cls, text: str, user: str, now: datetime) -> "IdempotencyKey":
        """KeyRefused unless it is of this day or the day before or after, with 128 random bits."""
        found = IDEMPOTENCY_KEY.fullmatch(text)
        if found is None or len(set(found[2])) < DISTINCT_SYMBOLS:
            raise KeyRefused("a day and 128 random bits")
        key = cls(text, found[1], user)
        try:
            apart = abs(key.begins_at.date() - now.astimezone(UTC).date())
        except ValueError as no_day:
            raise KeyRefused("not a day") from no_day
        if apart > timedelta(days=KEY_DAYS):
            raise KeyRefused("another day's key")
        return key

    @property
    def begins_at(self) -> datetime:
        """Its day's begin in UTC."""
        return datetime.strptime(self.day, "%Y%m%d").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Receipt:
    """One receipt. Its parts come from separate labels, so none tells another."""

    seed: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> "Receipt":
        """A receipt of 128 random bits."""
        return cls(secrets.token_bytes(SEED_BYTES))

    @classmethod
    def repeatable(cls, secrets_: KeyHistory, idempotency_key: IdempotencyKey, request_digest: bytes) -> "Receipt":
        """The same receipt for the same key and request; the key's day picks the secret, so a rotation changes nothing.

        Raises KeyMissing.
        """
        key = idempotency_key
        day = hmac.digest(secrets_.at(key.begins_at).material, f"leak day v1\x00{key.day}".encode(), "sha256")
        parts = b"\x00".join((b"leak idempotency v2", key.text.encode(), key.user.encode(), request_digest))
        return cls(hmac.digest(day, parts, "sha256")[:SEED_BYTES])

    @classmethod
    def read(cls, text: str) -> "Receipt | None":
        """What a person typed: any case, any grouping, O for 0, I or L for 1. None when a symbol is wrong."""
        typed = _SEPARATORS.sub("", text[:LONGEST_TYPED]).upper()
        if len(typed) != SEED_SYMBOLS + 2 or any(symbol not in _VALUES for symbol in typed):
            return None
        number = _number(typed[:SEED_SYMBOLS])
        if number >> (8 * SEED_BYTES) or _number(typed[SEED_SYMBOLS:]) != number % CHECK_MODULUS:
            return None
        return cls(number.to_bytes(SEED_BYTES, "big"))

    @cached_property
    def text(self) -> str:
        """Seven groups of four; the last two symbols are the check."""
        number = int.from_bytes(self.seed, "big")
        checked = number << 10 | number % CHECK_MODULUS
        return "-".join(
            _PAIRS[checked >> shift + 10 & 0x3FF] + _PAIRS[checked >> shift & 0x3FF] for shift in range(120, -1, -20)
        )

    @cached_property
    def leak_id(self) -> str:
        """The leak's id, from which the receipt can't be found."""
        return self._derive(b"leak_id", 16).hex()

    @cached_property
    def public_key(self) -> str:
        """What travels with the leak, so that reasons and answers can be sealed to this receipt."""
        # libsodium's, since OpenSSL takes twice as long and this is the dearest step of accepting a leak.
        return to_base64url(crypto_scalarmult_base(self._private_bytes))

    def open_note(self, sealed: str) -> Note:
        """What a decision says to this receipt. Raises SealBroken."""
        return open_note(self._private_key, self.leak_id, sealed)

    @cached_property
    def _private_key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self._private_bytes)

    @cached_property
    def _private_bytes(self) -> bytes:
        return self._derive(b"key pair", 32)

    @cached_property
    def _root(self) -> bytes:
        # HKDF-Extract (RFC 5869), once for every label.
        return hmac.digest(b"leak receipt v1", self.seed, "sha256")

    def _derive(self, label: bytes, length: int) -> bytes:
        # HKDF-Expand of one block (RFC 5869): the library's object costs three times as much.
        return hmac.digest(self._root, label + b"\x01", "sha256")[:length]


def request_digest(*parts: str) -> bytes:
    """A digest of a request's parts that no other parts share: each is preceded by its length."""
    digest = hashlib.sha256(b"leak request v1")
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.digest()


def _number(symbols: str) -> int:
    number = 0
    for symbol in symbols:
        number = number << 5 | _VALUES[symbol]
    return number
