"""Tokens that carry what they need: a sealed part that leads somewhere, and a secret part that proves the holder.

Text form: `<key id>.<sealed part>.<secret part>`. The sealed part is AES-SIV (RFC 5297, deterministic: a repeat makes
the same token) under one key a purpose; the secret part is a PRF of the plaintext under the same key. An event carries
the sealed part and the secret's digest: who reads a topic can't act. Nothing is stored for a link that nobody uses.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Generic, Protocol, Self, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shared.digests import from_base64url, to_base64url, token_digest
from shared.events.values import AddressDigestText, SealedTokenText, Token, TokenDigestText
from shared.seals.errors import KeyMissing, SealBroken
from shared.seals.keys import Key, KeySource

SECRET_BYTES: Final = 16
_FORM: Final = re.compile(r"([0-9a-f]{16}\.[A-Za-z0-9_-]{20,400})\.([A-Za-z0-9_-]{22})")
_EPOCH: Final = date(1970, 1, 1)


class TokenContent(Protocol):
    """What a token leads to, as bytes of one length."""

    def pack(self) -> bytes:
        """The plaintext."""

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """ValueError when these are not such bytes."""


@dataclass(frozen=True)
class ReportedLeak:
    """What a report token leads moderation to."""

    leak_id: str

    def pack(self) -> bytes:
        """16 bytes."""
        return bytes.fromhex(self.leak_id)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """ValueError unless there are 16."""
        if len(packed) != 16:  # noqa: PLR2004
            raise ValueError("not a leak's id")
        return cls(packed.hex())


@dataclass(frozen=True)
class BlockedAddress:
    """What a block token leads the mailer to. `mail` is a PRF of the mail's id: no two mails carry the same token."""

    address_digest: AddressDigestText
    mail: bytes
    expires_on: date

    def pack(self) -> bytes:
        """Version (1), key id (8), HMAC (32), mail (16), days since 1970 (4)."""
        version, key, digest = self.address_digest.split(".")
        days = (self.expires_on - _EPOCH).days.to_bytes(4, "big")
        return int(version).to_bytes(1, "big") + bytes.fromhex(key) + bytes.fromhex(digest) + self.mail + days

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """ValueError unless there are 61 bytes."""
        if len(packed) != 61:  # noqa: PLR2004
            raise ValueError("not a blocked address")
        digest = AddressDigestText(f"{packed[0]}.{packed[1:9].hex()}.{packed[9:41].hex()}")
        return cls(digest, packed[41:57], _EPOCH + timedelta(days=int.from_bytes(packed[57:], "big")))

    def is_over(self, now: datetime) -> bool:
        """Whether the link has expired; it works to the end of its day in UTC."""
        return now.astimezone(UTC).date() > self.expires_on


T = TypeVar("T", bound=TokenContent)


class SealedTokens(Generic[T]):
    """Makes and opens the tokens of one purpose. A key of any age opens; the one of the mail's time makes."""

    def __init__(self, purpose: str, content: type[T], keys: KeySource) -> None:
        self._purpose = purpose.encode()
        self._content = content
        self._keys = keys

    def make(self, content: T, at: datetime) -> Token:
        """The token for the link; `at` picks the key, so that a repeat after a rotation makes the same token."""
        key = self._keys().at(at)
        packed = content.pack()
        sealed = AESSIV(self._derived(key, b"seal", 64)).encrypt(packed, [self._purpose])
        return Token(f"{key.id}.{to_base64url(sealed)}.{self._secret(key, packed)}")

    def open(self, sealed: SealedTokenText, secret_digest: TokenDigestText) -> T:
        """What a used token leads to. SealBroken unless we made it and its user held the secret part."""
        key_id, _, text = sealed.partition(".")
        try:
            key = self._keys().named(key_id)
            packed = AESSIV(self._derived(key, b"seal", 64)).decrypt(from_base64url(text), [self._purpose])
            content = self._content.unpack(packed)
        except (KeyMissing, InvalidTag, ValueError) as broken:
            raise SealBroken("not a token of ours") from broken
        if not hmac.compare_digest(token_digest(self._secret(key, packed)), secret_digest):
            raise SealBroken("not the secret of this token")
        return content

    def _secret(self, key: Key, packed: bytes) -> str:
        return to_base64url(hmac.digest(self._derived(key, b"secret", 32), packed, "sha256")[:SECRET_BYTES])

    def _derived(self, key: Key, label: bytes, length: int) -> bytes:
        # HKDF-Expand (RFC 5869) of one or two blocks; the key is uniform already.
        info = b"leak token\x00" + self._purpose + b"\x00" + label
        first = hmac.digest(key.material, info + b"\x01", "sha256")
        second = hmac.digest(key.material, first + info + b"\x02", "sha256")
        return (first + second)[:length]


def report_tokens(keys: KeySource) -> SealedTokens[ReportedLeak]:
    """The tokens of "report this": moderation makes and opens them."""
    return SealedTokens("report", ReportedLeak, keys)


def block_tokens(keys: KeySource) -> SealedTokens[BlockedAddress]:
    """The tokens of "never write to me again": the mailer makes and opens them."""
    return SealedTokens("block", BlockedAddress, keys)


@dataclass(frozen=True)
class UsedToken:
    """A token as the gateway takes it apart, without any key."""

    sealed_token: SealedTokenText
    token_digest: TokenDigestText


def take_apart(text: str) -> UsedToken | None:
    """The parts of a token with a sealed part; None when it hasn't the form."""
    found = _FORM.fullmatch(text)
    return None if found is None else UsedToken(SealedTokenText(found[1]), token_digest(found[2]))
