"""Browsers in which somebody signed in before: an opaque id in a cookie; here its digest, with those names.

It opens nothing. It gives its holder a counter of tries of their own, so that strangers can't lock anybody out.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from shared.runtime.clock import Clock
from shared.runtime.mongo import Database, insert_new

KNOWN_FOR_S: Final = 180 * 24 * 3600


class Devices:
    """Knows a browser for half a year after the last time that a name signed in from it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._devices = database["devices"]
        self._clock = clock

    async def create_indexes(self) -> None:
        """For forgetting, and for a browser that two people use."""
        await self._devices.create_index("forget_at")
        await self._devices.create_index("device")

    async def known(self, token: str | None, name: str) -> str | None:
        """The device's digest, if `name` signed in from it before."""
        device = _digest(token or "")
        found = await self._devices.find_one({"_id": f"{device}/{name}", "forget_at": {"$gt": self._clock()}})
        return device if found else None

    async def remember(self, token: str | None, name: str) -> str:
        """`name` signed in. Gives the id for the cookie: the one that came, if it is ours, else a new one."""
        now = self._clock()
        await self._devices.delete_many({"forget_at": {"$lte": now}})
        # An id that we didn't make may have been put there by somebody who knows it.
        if token is None or not await self._devices.find_one({"device": _digest(token)}):
            token = secrets.token_urlsafe(32)
        device, forget_at = _digest(token), now + timedelta(seconds=KNOWN_FOR_S)
        entry = {"_id": f"{device}/{name}", "device": device, "forget_at": forget_at}
        if await insert_new(self._devices, [entry]):
            await self._devices.update_one({"_id": entry["_id"]}, {"$set": {"forget_at": forget_at}})
        return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
