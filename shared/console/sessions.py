"""Sessions: an opaque id in the browser, its digest in the database. Sign-out, idleness, age or a change ends it."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.console.accounts import Account, Accounts
from shared.runtime.clock import Clock
from shared.runtime.mongo import Database

# Written at most this often: a page view need not cost a write.
SEEN_EVERY_S: Final = 30


@dataclass(frozen=True)
class Person:
    """Who is signed in."""

    name: str
    role: str


@dataclass(frozen=True)
class SessionLimits:
    """When a session ends by itself."""

    idle_s: int
    absolute_s: int


class Sessions:
    """Opens, recognises and ends sessions. What the browser holds can't be computed from what the database holds."""

    def __init__(self, database: Database, accounts: Accounts, limits: SessionLimits, clock: Clock) -> None:
        self._sessions = database["sessions"]
        self._accounts = accounts
        self._limits = limits
        self._clock = clock

    async def create_indexes(self) -> None:
        """For deleting what is over."""
        await self._sessions.create_index("ends_at")

    async def open(self, account: Account) -> str:
        """A new session's opaque id, for the cookie."""
        token = secrets.token_urlsafe(32)
        now = self._clock()
        # Here and not by the database's own expiry, whose clock is another one than that which ends sessions.
        await self._sessions.delete_many({"ends_at": {"$lte": now}})
        await self._sessions.insert_one(
            {
                "_id": _digest(token),
                "name": account.name,
                "generation": account.generation,
                "seen_at": now,
                "ends_at": now + timedelta(seconds=self._limits.absolute_s),
            }
        )
        return token

    async def person(self, token: str, *, acts: bool = True) -> Person | None:
        """Who holds `token`, if its session lives. `acts=False`, for what a page does by itself, extends nothing."""
        session = await self._sessions.find_one({"_id": _digest(token)})
        if session is None or self._is_over(session):
            return None
        account = await self._accounts.find(session["name"])
        if account is None or account.disabled or account.generation != session["generation"]:
            return None
        await self._seen(session, acts=acts)
        return Person(account.name, account.role)

    async def close(self, token: str) -> None:
        """Sign-out."""
        await self._sessions.delete_one({"_id": _digest(token)})

    def _is_over(self, session: Mapping[str, Any]) -> bool:
        now = self._clock()
        idle: bool = now - session["seen_at"] >= timedelta(seconds=self._limits.idle_s)
        return idle or bool(now >= session["ends_at"])

    async def _seen(self, session: Mapping[str, Any], *, acts: bool) -> None:
        now = self._clock()
        if acts and now - session["seen_at"] >= timedelta(seconds=SEEN_EVERY_S):
            await self._sessions.update_one({"_id": session["_id"]}, {"$set": {"seen_at": now}})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
