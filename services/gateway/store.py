"""What the gateway keeps: when what happened to a leak, as its sender may know it. No content."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.gateway.domain import Confirmed, Decided, LeakFact, OverLimit, Submitted, Withdrawn
from shared.events.event import LeakEvent
from shared.runtime.clock import Clock
from shared.runtime.mongo import Collection, Database, Document, insert_new

KINDS: dict[str, type[LeakFact]] = {
    "submitted": Submitted,
    "confirmed": Confirmed,
    "withdrawn": Withdrawn,
    "over_limit": OverLimit,
    "decided": Decided,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


class LeakEvents:
    """Insert-only: one document an event, `_id` the event's id, so that a repeat is the same document."""

    def __init__(self, database: Database, keep: timedelta, clock: Clock) -> None:
        self._collection: Collection = database["leak_events"]
        self._keep = keep
        self._clock = clock

    async def create_indexes(self) -> None:
        """By leak for the status, by death for the sweep."""
        await self._collection.create_index("leak_id")
        await self._collection.create_index("dies_at")

    async def add(self, happened: Sequence[tuple[LeakEvent, LeakFact]]) -> None:
        """Keep what is new."""
        dies_at = self._clock() + self._keep
        await insert_new(
            self._collection,
            [
                {"_id": event.event_id, "leak_id": event.leak_id, "dies_at": dies_at, **_document(fact)}
                for event, fact in happened
            ],
        )

    async def of(self, leak_id: str) -> list[LeakFact]:
        """All that happened to one leak, in no order."""
        return [_fact(document) async for document in self._collection.find({"leak_id": leak_id})]

    async def forget(self) -> None:
        """Delete what is past its time. The process's clock decides, so that it is the same on every database."""
        await self._collection.delete_many({"dies_at": {"$lt": self._clock()}})


def _document(fact: LeakFact) -> Document:
    fields: dict[str, Any] = {name: value for name, value in vars(fact).items() if value is not None}
    return {"what": _NAMES[type(fact)], **fields}


def _fact(document: Document) -> LeakFact:
    kind = KINDS[document["what"]]
    return kind(**{name: document[name] for name in kind.__dataclass_fields__ if name in document})


class ApiClients:
    """Who may use the API with limits of its own. Only a digest of each key is kept."""

    def __init__(self, database: Database) -> None:
        self._collection: Collection = database["api_clients"]

    async def add(self, name: str, key_digest: str, added_at: datetime) -> bool:
        """Keep a new client; False when the name is taken."""
        return not await insert_new(self._collection, [{"_id": name, "key_digest": key_digest, "added_at": added_at}])

    async def remove(self, name: str) -> bool:
        """Forget a client; False when there is none of that name."""
        return bool((await self._collection.delete_one({"_id": name})).deleted_count)

    async def names(self) -> list[str]:
        """Every client."""
        return sorted([document["_id"] async for document in self._collection.find({}, {"_id": 1})])

    async def by_key(self, key_digest: str) -> str | None:
        """The name of the client that holds this key."""
        found = await self._collection.find_one({"key_digest": key_digest}, {"_id": 1})
        return found["_id"] if found else None

    async def create_indexes(self) -> None:
        """By key, unique."""
        await self._collection.create_index("key_digest", unique=True)
