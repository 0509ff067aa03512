"""Passwords: made, hashed with Argon2id, compared in the same time whether or not there is anything to compare with."""

import asyncio
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

# NIST SP 800-63B-4 asks 15 where the password is the only factor, as it is here.
LENGTH_MIN: Final = 15
LENGTH_MAX: Final = 256
# Each comparison takes 64 MiB: a flood of sign-ins waits here instead of in the memory of the machine.
COMPARED_AT_ONCE: Final = 2

_hasher = PasswordHasher()
# Compared with when there is no such account, so that the answer takes as long as with one.
_NOBODY: Final = _hasher.hash(secrets.token_urlsafe())
_turn = asyncio.Semaphore(COMPARED_AT_ONCE)


class PasswordRefused(ValueError):
    """The password can't be used; the text says why, for people."""


def generate() -> str:
    """A password of 120 random bits, in groups that can be typed."""
    text = secrets.token_hex(15)
    return "-".join(text[i : i + 6] for i in range(0, len(text), 6))


def hashed(password: str) -> str:
    """The Argon2id hash to store. Raises PasswordRefused when it is too short or too long."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise PasswordRefused(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
    return _hasher.hash(password)


async def matches(stored: str | None, password: str) -> bool:
    """Whether `password` made `stored`; without one, the same work and False."""
    async with _turn:
        right = await asyncio.to_thread(_verify, stored or _NOBODY, password[: LENGTH_MAX + 1])
    return right and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
