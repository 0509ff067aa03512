"""Passwords: made, hashed with Argon2id, compared in the same time whether or not there is anything to compare with."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

# NIST SP 800-63B-4 asks 15 where the password is the only factor, as it is here.
LENGTH_MIN: Final = 15
LENGTH_MAX: Final = 256
_hasher = PasswordHasher()
# Compared with when there is no such account, so that the answer takes as long as with one.
_NOBODY: Final = _hasher.hash(secrets.token_urlsafe())


class PasswordRefused(ValueError):
    """The password can't be used; the text says why, for people."""


class TooBusy(Exception):
    """As many passwords wait to be compared as may wait: try again in a moment."""


def generate() -> str:
    """A password of 120 random bits, in groups that can be typed."""
    text = secrets.token_hex(15)
    return "-".join(text[i : i + 6] for i in range(0, len(text), 6))


def hashed(password: str) -> str:
    """The Argon2id hash to store. Raises PasswordRefused when it is too short or too long."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise PasswordRefused(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
    return _hasher.hash(password)


class ComparingQueue:
    """Compares few passwords at once, since each takes 64 MiB, and lets few wait: more are turned away at the door."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._free = at_once + waiting

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue. Raises TooBusy."""
        if not self._free:
            raise TooBusy
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` made `stored`; without one, the same work and False. For who has a place."""
        async with self._turn:
            right = await asyncio.to_thread(_verify, stored or _NOBODY, password[: LENGTH_MAX + 1])
        return right and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
