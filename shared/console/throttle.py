"""Slows guessing, per name and never per address (no IP is kept): a few tries are free, then each waits longer.

Strangers are counted together; a device from which the name signed in before is counted by itself.
"""

import hashlib
import math
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from shared.runtime.clock import Clock
from shared.runtime.mongo import Database

FREE_TRIES: Final = 5
# A short ceiling, since strangers who guess keep the real person's new device out for as long.
WAIT_MAX_S: Final = 60
FORGET_AFTER_S: Final = 24 * 3600
_RACED_S: Final = 1


class Throttle:
    """Counts failed sign-ins. A name that exists and one that doesn't are counted alike."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._tries = database["sign_in_tries"]
        self._clock = clock

    async def create_indexes(self) -> None:
        """For forgetting, after a day."""
        await self._tries.create_index("forget_at")

    async def take_try(self, name: str, device: str | None) -> int:
        """0 when a try may be made, else the seconds to wait. It is counted first: parallel guesses gain nothing."""
        now, key = self._clock(), _key(name, device)
        await self._tries.delete_many({"forget_at": {"$lte": now}})
        before = await self._tries.find_one({"_id": key})
        count = before["count"] if before else 0
        if before and (left_s := _left_s(count, before["tried_at"], now)) > 0:
            return left_s
        after = {"count": count + 1, "tried_at": now, "forget_at": now + timedelta(seconds=FORGET_AFTER_S)}
        return 0 if await self._count(key, count, after) else _RACED_S

    async def forget(self, name: str, device: str | None) -> None:
        """The right password was given."""
        await self._tries.delete_one({"_id": _key(name, device)})

    async def _count(self, key: str, seen: int, after: dict[str, Any]) -> bool:
        # Only if nobody counted in between: of two guesses at once, one is made.
        if seen:
            changed = await self._tries.update_one({"_id": key, "count": seen}, {"$set": after})
            return changed.modified_count == 1
        try:
            await self._tries.insert_one({"_id": key, **after})
        except DuplicateKeyError:
            return False
        return True


def _left_s(count: int, tried_at: datetime, now: datetime) -> int:
    if count < FREE_TRIES:
        return 0
    wait_s = min(WAIT_MAX_S, int(2.0 ** (count - FREE_TRIES + 1)))
    return max(0, math.ceil(wait_s - (now - tried_at).total_seconds()))


def _key(name: str, device: str | None) -> str:
    # A digest, because people type their password into the wrong field.
    return hashlib.sha256(f"{device or 'strangers'}/{name}".encode()).hexdigest()
