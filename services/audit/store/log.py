"""The log's collection."""

from collections.abc import AsyncIterator
from dataclasses import asdict

from pymongo import WriteConcern
from pymongo.errors import DuplicateKeyError

from services.audit.chain import ChainBroken, Entry
from shared.runtime.mongo import Database


class LogStore:
    """The log's collection: insert and find, nothing else."""

    def __init__(self, database: Database) -> None:
        # Journaled, because an opening waits for its entry: an acknowledged entry must survive a power cut.
        self._log = database["log"].with_options(write_concern=WriteConcern("majority", j=True))

    async def entries(self, after: int = 0) -> AsyncIterator[tuple[object, Entry]]:
        """(place, entry) in the order of places; all there is when `after` is 0. ChainBroken on what is no entry."""
        query = {"_id": {"$gt": after}} if after else {}
        async for found in self._log.find(query).sort("_id", 1):
            place = found.pop("_id")
            try:
                yield place, Entry(**found)
            except TypeError as unreadable:
                raise ChainBroken(f"entry {place} has not the form of an entry") from unreadable

    async def add_entry(self, entry: Entry) -> bool:
        """False when its place is taken."""
        try:
            await self._log.insert_one({"_id": entry.seq, **asdict(entry)})
        except DuplicateKeyError:
            return False
        return True
