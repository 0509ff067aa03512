"""Which mails' outcomes are still to be published, a batch an entry: written before the outcomes are journaled."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from shared.runtime import mongo
from shared.runtime.mongo import Database


class Entries:
    """The collection `outbox`. `keep`: how long an entry may wait for a mail that never ended."""

    def __init__(self, database: Database, *, keep: timedelta) -> None:
        self._entries: mongo.Collection = database["outbox"]
        self._keep = keep

    async def add(self, ids: Collection[str], now: datetime) -> str:
        """Remember that the outcomes of these mails will be to be published. The entry's id, for `remove`."""
        entry_id = secrets.token_hex(16)
        await self._entries.insert_one({"_id": entry_id, "since": now, "mails": [*ids]})
        return entry_id

    async def before(self, moment: datetime, at_most: int) -> dict[str, list[str]]:
        """Entries whose outcomes a crash may have kept from being published, with their mails."""
        found = self._entries.find({"since": {"$lt": moment}}).sort("since").limit(at_most)
        return {one["_id"]: one["mails"] async for one in found}

    async def remove(self, entry_ids: Collection[str]) -> None:
        """Forget entries whose outcomes were published."""
        await self._entries.delete_many({"_id": {"$in": [*entry_ids]}})

    async def narrow(self, entry_id: str, ids: Collection[str]) -> None:
        """Leave those of an entry's mails that have not ended yet."""
        await self._entries.update_one({"_id": entry_id}, {"$set": {"mails": [*ids]}})

    async def forget(self, now: datetime) -> None:
        """Delete entries whose time is over."""
        await self._entries.delete_many({"since": {"$lt": now - self._keep}})
