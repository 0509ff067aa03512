"""Sealed origins, the lives of leaks that link to them, and threats."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pymongo import DeleteMany, UpdateMany

from services.audit.store.values import (
    UNCONFIRMED,
    LeakOrigins,
    LeakStep,
    StoredOrigin,
    StoredThreat,
    UnexplainedDelivery,
)
from shared.digests import sha256
from shared.runtime import mongo
from shared.runtime.mongo import Database, Document, insert_new

T = TypeVar("T")

DYING: Final = ("origins", "lives", "unexplained", "threats")
LEAK_ID_LENGTH: Final = 32
SWEPT_AT_ONCE: Final = 500
NET_S: Final = 3_600
"""The database's clock deletes this much later than the sweep should have: the sweep takes an origin's links along."""

_ORIGIN: Final = TypeAdapter(StoredOrigin)


def of_leak(leak_id: str) -> Document:
    """Matches the `_id`s `leak_id`, `leak_id.…` and `leak_id/…`: a range on the index that every collection has."""
    # "0" is the character after "/", which follows "." directly.
    return {"_id": {"$gte": leak_id, "$lt": leak_id + "0"}}


class OriginStore:
    """Origins and the lives of leaks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._origins: mongo.Collection = database["origins"]
        self._lives: mongo.Collection = database["lives"]
        self._unexplained: mongo.Collection = database["unexplained"]
        self._threats: mongo.Collection = database["threats"]

    async def create_indexes(self) -> None:
        """The index that the sweep reads is the database's own clock too."""
        for name in DYING:
            await self._database[name].create_index("expires_at", expireAfterSeconds=NET_S)
        await self._lives.create_index("message_id_digest", sparse=True)

    async def add_origins(self, origins: Sequence[StoredOrigin]) -> None:
        """One unordered write. A leak's second, different origin (a retried request) is kept beside the first."""
        documents = [_origin_document(origin) for origin in origins]
        there = await insert_new(self._origins, documents)
        if not there:
            return
        query = {"_id": {"$in": list(there)}}
        stored = {found["_id"]: found.get("sealed_origin") async for found in self._origins.find(query)}
        others = [
            {**document, "_id": f"{document['_id']}.{sha256(document['sealed_origin'])[:32]}"}
            for document in documents
            if document["_id"] in there and stored.get(document["_id"]) != document["sealed_origin"]
        ]
        await insert_new(self._origins, others)

    async def add_steps(self, steps: Sequence[LeakStep]) -> None:
        """Insert-only: a repeat changes nothing, so `read_at` is of the first time."""
        await insert_new(self._lives, [_step_document(step) for step in steps])

    async def add_threats(self, threats: Sequence[StoredThreat]) -> None:
        """Insert-only: a repeat changes nothing."""
        await insert_new(self._threats, [_by_leak(threat) for threat in threats])

    async def without_origin(self, leak_ids: Iterable[str]) -> set[str]:
        """Which of these leaks have no origin here."""
        asked = set(leak_ids)
        found = self._origins.find({"_id": {"$in": list(asked)}}, {"_id": 1})
        return asked - {origin["_id"] async for origin in found}

    async def add_unexplained(self, deliveries: Sequence[UnexplainedDelivery]) -> None:
        """Remember deliveries whose origin is not here, or not yet."""
        await insert_new(self._unexplained, [_by_leak(delivery) for delivery in deliveries])

    async def unexplained(self) -> list[UnexplainedDelivery]:
        """Deliveries whose origin was missing when last looked, oldest first."""
        return [_from_document(UnexplainedDelivery, one) async for one in self._unexplained.find({}).sort("seen_at", 1)]

    async def explained(self, leak_ids: Iterable[str]) -> None:
        """Their origins came after all."""
        await self._unexplained.delete_many({"_id": {"$in": list(leak_ids)}})

    async def origins(self, leak_id: str) -> LeakOrigins:
        """The leak's sealed origins: more than one when a request was retried."""
        records: list[StoredOrigin] = []
        malformed: list[str] = []
        async for found in self._origins.find(of_leak(leak_id)):
            key = str(found.pop("_id"))
            try:
                records.append(_ORIGIN.validate_python({**found, "leak_id": leak_id}))
            except ValidationError:
                malformed.append(key)
        return LeakOrigins(tuple(sorted(records, key=lambda record: record.captured_at)), tuple(sorted(malformed)))

    async def delivered_as(self, message_id_digests: Collection[str]) -> set[str]:
        """The leaks whose mails had one of these Message-IDs."""
        found = self._lives.find({"message_id_digest": {"$in": list(message_id_digests)}}, {"_id": 1})
        return {life["_id"][:LEAK_ID_LENGTH] async for life in found}

    async def life(self, leak_id: str) -> list[LeakStep]:
        """What is known to have happened to a leak, in time's order."""
        found = [_from_document(LeakStep, one, leak_id) async for one in self._lives.find(of_leak(leak_id))]
        return sorted(found, key=lambda step: step.at)

    async def ended_unconfirmed(self, leak_ids: Collection[str]) -> dict[str, datetime]:
        """Of these leaks, those that are said to have ended unconfirmed → when that was first read."""
        keys = [f"{leak_id}/{what}" for leak_id in leak_ids for what in UNCONFIRMED]
        read_at: dict[str, datetime] = {}
        async for life in self._lives.find({"_id": {"$in": keys}}, {"read_at": 1}):
            leak_id = life["_id"][:LEAK_ID_LENGTH]
            read_at[leak_id] = min(life["read_at"], read_at.get(leak_id, life["read_at"]))
        return read_at

    async def confirmed(self, leak_ids: Iterable[str]) -> set[str]:
        """Of these leaks, those that were confirmed."""
        found = self._lives.find({"_id": {"$in": [f"{leak_id}/confirmed" for leak_id in leak_ids]}}, {"_id": 1})
        return {life["_id"][:LEAK_ID_LENGTH] async for life in found}

    async def threats(self) -> list[StoredThreat]:
        """Every escalated threat, the latest first."""
        return [_from_document(StoredThreat, found) async for found in self._threats.find({}).sort("at", -1)]

    async def threat(self, leak_id: str) -> StoredThreat | None:
        """One escalated threat."""
        found = await self._threats.find_one({"_id": leak_id})
        return None if found is None else _from_document(StoredThreat, found)

    async def delete_expired(self, now: datetime) -> int:
        """Delete origins whose time has come, each with what links to it, then the rest; how many documents."""
        gone = 0
        while keys := await self._expired_origins(now):
            # Links first: after a crash in between, the next sweep still finds them by the origin.
            gone += await self._delete_links({key[:LEAK_ID_LENGTH] for key in keys})
            gone += (await self._origins.delete_many({**_expired(now), "_id": {"$in": keys}})).deleted_count
        rest = [await self._database[name].delete_many(_expired(now)) for name in DYING]
        return gone + sum(deleted.deleted_count for deleted in rest)

    async def _expired_origins(self, now: datetime) -> list[str]:
        found = self._origins.find(_expired(now), {"_id": 1}).limit(SWEPT_AT_ONCE)
        return [origin["_id"] async for origin in found]

    async def _delete_links(self, leak_ids: set[str]) -> int:
        # How it ended unconfirmed stays until its own time: an origin that comes late must find it.
        links = [{**of_leak(leak_id), "what": {"$nin": list(UNCONFIRMED)}} for leak_id in leak_ids]
        return (await self._lives.bulk_write([DeleteMany(one) for one in links], ordered=False)).deleted_count

    async def end_by(self, ends: Mapping[str, datetime]) -> None:
        """Bring the end of these leaks' origins forward; what is held keeps its hold."""
        updates = [
            UpdateMany({**of_leak(leak_id), field: {"$gt": end}, **also}, {"$set": {field: end}})
            for leak_id, end in ends.items()
            for field, also in (("ends_at", {}), ("expires_at", {"held": {"$ne": True}}))
        ]
        if updates:
            await self._origins.bulk_write(updates, ordered=False)

    async def end_after(self, leak_id: str, kept: timedelta) -> None:
        """Let this leak's origins live for so long from their own time after all."""
        async for found in self._origins.find(of_leak(leak_id), {"captured_at": 1, "held": 1}):
            end = found["captured_at"] + kept
            own_end = {"ends_at": end} if found.get("held") else {"ends_at": end, "expires_at": end}
            await self._origins.update_one({"_id": found["_id"]}, {"$set": own_end})

    async def hold(self, leak_id: str, until: datetime) -> None:
        """Keep the leak's origins, and what links to them, at least until then. Never shortens a life."""
        for documents in (self._origins, self._lives):
            # Marked in any case: an end that is brought forward later must find the hold.
            await documents.update_many(of_leak(leak_id), {"$set": {"held": True}})
            await documents.update_many(
                {**of_leak(leak_id), "expires_at": {"$lt": until}}, {"$set": {"expires_at": until}}
            )

    async def held(self) -> set[str]:
        """The leaks with a hold."""
        found = [held async for held in self._origins.find({"held": True}, {"_id": 1})]
        return {str(held["_id"])[:LEAK_ID_LENGTH] for held in found}

    async def release(self, leak_id: str) -> None:
        """End a hold: everything goes back to its own time."""
        for documents in (self._lives, self._origins):
            async for held in documents.find({**of_leak(leak_id), "held": True}):
                own_end = {"$set": {"expires_at": held.get("ends_at", held["expires_at"])}, "$unset": {"held": ""}}
                await documents.update_one({"_id": held["_id"]}, own_end)


def _origin_document(origin: StoredOrigin) -> Document:
    document = _by_leak(origin)
    return {**document, "proof": origin.proof.model_dump()}


def _step_document(step: LeakStep) -> Document:
    key = f"{step.leak_id}/{step.what}" + (f"/{step.act}" if step.act else "")
    given = {name: value for name, value in asdict(step).items() if value not in (None, "")}
    del given["leak_id"]
    return {"_id": key, **given, "expires_at": step.ends_at}


def _by_leak(value: StoredOrigin | UnexplainedDelivery | StoredThreat) -> Document:
    document = {field.name: getattr(value, field.name) for field in fields(value)}
    return {"_id": document.pop("leak_id"), **document}


def _from_document(kind: type[T], document: Document, leak_id: str | None = None) -> T:
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass of this module
    given: dict[str, Any] = {name: value for name, value in document.items() if name in known}
    return kind(**{**given, "leak_id": leak_id or document["_id"]})


def _expired(now: datetime) -> Document:
    return {"expires_at": {"$lte": now}}
