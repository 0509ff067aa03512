"""Every query, index and document shape of the audit service.

origins        _id leak_id (a retried request's own origin: leak_id.digest), captured_at, expires_at, origin, held?
lives          _id leak_id/what/revision, at, expires_at, and the facts of one event; insert-only
reports        _id event id, token_digest, reason, at, expires_at
unexplained    _id leak_id, delivered_at, seen_at, expires_at: delivered, and no origin found so far
threats        _id leak_id, at, expires_at, policy, message (sealed)
log            _id seq, and the entry
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import DeleteMany, WriteConcern
from pymongo.errors import DuplicateKeyError

from services.audit.chain import ChainBroken, Entry
from shared.digests import sha256
from shared.runtime.mongo import Collection, Database, Document, insert_new

DYING: Final = ("origins", "lives", "reports", "unexplained", "threats")
LEAK_ID_LENGTH: Final = 32
SWEPT_AT_ONCE: Final = 500
NET_S: Final = 3_600
"""The database's clock deletes this much later than the sweep should have: the sweep takes an origin's links along."""


def of_leak(leak_id: str) -> Document:
    """Matches the `_id`s `leak_id`, `leak_id.…` and `leak_id/…`: a range on the index that every collection has."""
    # "0" is the character after "/", which follows "." directly.
    return {"_id": {"$gte": leak_id, "$lt": leak_id + "0"}}


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


@dataclass(frozen=True)
class Record:
    """One sealed origin as it is kept."""

    key: str
    captured_at: datetime
    expires_at: datetime
    origin: str


class Store:
    """Origins and the lives of leaks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._origins: Collection = database["origins"]
        self._lives: Collection = database["lives"]
        self._reports: Collection = database["reports"]
        self._unexplained: Collection = database["unexplained"]
        self._threats: Collection = database["threats"]

    async def create_indexes(self) -> None:
        """The index that the sweep reads is the database's own clock too."""
        for name in DYING:
            await self._database[name].create_index("expires_at", expireAfterSeconds=NET_S)
        await self._reports.create_index("token_digest")
        await self._lives.create_index("report_token_digest", sparse=True)

    async def add_origins(self, origins: Sequence[Document]) -> None:
        """One unordered write. A leak's second, different origin (a retried request) is kept beside the first."""
        there = await insert_new(self._origins, origins)
        if not there:
            return
        stored = {found["_id"]: found["origin"] async for found in self._origins.find({"_id": {"$in": list(there)}})}
        others = [
            {**origin, "_id": f"{origin['_id']}.{sha256(origin['origin'])[:32]}"}
            for origin in origins
            if origin["_id"] in there and stored.get(origin["_id"]) != origin["origin"]
        ]
        await insert_new(self._origins, others)

    async def add_lives(self, lives: Sequence[Document]) -> None:
        """Insert-only: a repeat changes nothing."""
        await insert_new(self._lives, lives)

    async def add_reports(self, reports: Sequence[Document]) -> None:
        """Insert-only: a repeat changes nothing."""
        await insert_new(self._reports, reports)

    async def add_threats(self, threats: Sequence[Document]) -> None:
        """Insert-only: a repeat changes nothing."""
        await insert_new(self._threats, threats)

    async def without_origin(self, leak_ids: Iterable[str]) -> set[str]:
        """Which of these leaks have no origin here."""
        asked = set(leak_ids)
        found = self._origins.find({"_id": {"$in": list(asked)}}, {"_id": 1})
        return asked - {origin["_id"] async for origin in found}

    async def add_unexplained(self, deliveries: Sequence[Document]) -> None:
        """Remember deliveries whose origin is not here, or not yet."""
        await insert_new(self._unexplained, deliveries)

    async def unexplained(self) -> list[Document]:
        """Deliveries whose origin was missing when last looked, oldest first."""
        return [found async for found in self._unexplained.find({}).sort("seen_at", 1)]

    async def explained(self, leak_ids: Iterable[str]) -> None:
        """Their origins came after all."""
        await self._unexplained.delete_many({"_id": {"$in": list(leak_ids)}})

    async def records(self, leak_id: str) -> list[Record]:
        """The leak's sealed origins, oldest first: more than one when a request was retried."""
        found = self._origins.find(of_leak(leak_id)).sort("captured_at", 1)
        return [Record(o["_id"], o["captured_at"], o["expires_at"], o["origin"]) async for o in found]

    async def delivered_with(self, report_token_digest: str) -> str | None:
        """The leak whose mail carried this report token."""
        found = await self._lives.find_one({"report_token_digest": report_token_digest}, {"leak_id": 1})
        return found["leak_id"] if found else None

    async def life(self, leak_id: str) -> list[Document]:
        """What is known to have happened to a leak, in time's order, reports included."""
        lives = [found async for found in self._lives.find(of_leak(leak_id))]
        digests = [life["report_token_digest"] for life in lives if "report_token_digest" in life]
        reports = [found async for found in self._reports.find({"token_digest": {"$in": digests}})] if digests else []
        return sorted([*lives, *({**report, "what": "reported"} for report in reports)], key=lambda life: life["at"])

    async def threats(self) -> list[Document]:
        """Every escalated threat, the latest first; without the messages."""
        return [found async for found in self._threats.find({}, {"message": 0}).sort("at", -1)]

    async def threat(self, leak_id: str) -> Document | None:
        """One escalated threat with its sealed message."""
        found: dict[str, Any] | None = await self._threats.find_one({"_id": leak_id})
        return found

    async def delete_expired(self, now: datetime) -> int:
        """Delete origins whose time has come, each with what links to it, then the rest; how many documents."""
        gone = 0
        while keys := await self._expired_origins(now):
            # Links first: after a crash in between the next round still finds them by the origin.
            gone += await self._delete_links({key[:LEAK_ID_LENGTH] for key in keys})
            gone += (await self._origins.delete_many({**_expired(now), "_id": {"$in": keys}})).deleted_count
        rest = [await self._database[name].delete_many(_expired(now)) for name in DYING]
        return gone + sum(deleted.deleted_count for deleted in rest)

    async def _expired_origins(self, now: datetime) -> list[str]:
        found = self._origins.find(_expired(now), {"_id": 1}).limit(SWEPT_AT_ONCE)
        return [origin["_id"] async for origin in found]

    async def _delete_links(self, leak_ids: set[str]) -> int:
        mine = [of_leak(leak_id) for leak_id in leak_ids]
        digests = [
            life["report_token_digest"]
            async for life in self._lives.find({"_id": {"$in": [f"{leak_id}/delivered" for leak_id in leak_ids]}})
        ]
        reports = await self._reports.delete_many({"token_digest": {"$in": digests}})
        lives = await self._lives.bulk_write([DeleteMany(one) for one in mine], ordered=False)
        return reports.deleted_count + lives.deleted_count

    async def hold(self, leak_id: str, until: datetime) -> None:
        """Keep the leak's origins, and what links to them, at least until then. Never shortens a life."""
        for documents in (self._origins, self._lives):
            await documents.update_many(
                {**of_leak(leak_id), "expires_at": {"$lt": until}}, {"$set": {"expires_at": until, "held": True}}
            )

    async def held(self) -> set[str]:
        """The leaks that a hold keeps longer than their time."""
        found = [held async for held in self._origins.find({"held": True}, {"_id": 1})]
        return {str(held["_id"])[:LEAK_ID_LENGTH] for held in found}

    async def release(self, leak_id: str, days: int) -> None:
        """End a hold: everything goes back to its own time."""
        for documents, own_time in ((self._origins, "captured_at"), (self._lives, "at")):
            async for held in documents.find({**of_leak(leak_id), "held": True}):
                own_end = {"expires_at": held[own_time] + timedelta(days=days)}
                await documents.update_one({"_id": held["_id"]}, {"$set": own_end, "$unset": {"held": ""}})


def _expired(now: datetime) -> Document:
    return {"expires_at": {"$lte": now}}
