"""Decisions that come by HTTP: state and outgoing events in one document write, then published, then marked.

A crash between the write and the mark leaves the events in the document; the sweeper publishes them again. They are
ready-made records, so that a repeat publishes what was decided, under the same id.
"""

from typing import Any

from shared.events.event import Event
from shared.runtime import metrics
from shared.runtime.envelope import Outgoing, outgoing
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Collection

Entry = dict[str, Any]
FIELD = "outbox"


class Outbox:
    """The outgoing events kept in the documents of one collection, under the field `outbox`."""

    def __init__(self, collection: Collection, publisher: Publisher) -> None:
        self._collection = collection
        self._publisher = publisher

    async def create_indexes(self) -> None:
        """Idempotent. Sparse: documents whose events are all published are not in it."""
        await self._collection.create_index(f"{FIELD}.topic", sparse=True)

    def entries(self, *events: Event) -> list[Entry]:
        """What to put into the document, under `outbox`, in the very write that makes the decision."""
        records = (outgoing(event, self._publisher.service) for event in events)
        return [
            {"topic": one.topic, "key": one.key, "value": one.value, "headers": [list(pair) for pair in one.headers]}
            for one in records
        ]

    async def flush(self, document_id: Any) -> None:
        """Publish what the document holds and mark it published."""
        document = await self._collection.find_one({"_id": document_id}, {FIELD: 1})
        if document and document.get(FIELD):
            await self._publish(document_id, document[FIELD])

    async def sweep(self) -> None:
        """Publish what crashes left."""
        async for document in self._collection.find({f"{FIELD}.topic": {"$exists": True}}, {FIELD: 1}).limit(500):
            await self._publish(document["_id"], document[FIELD])
            metrics.OUTBOX_SWEPT.inc()

    async def _publish(self, document_id: Any, entries: list[Entry]) -> None:
        await self._publisher.send(
            [
                Outgoing(one["topic"], one["key"], one["value"], tuple((name, value) for name, value in one["headers"]))
                for one in entries
            ]
        )
        # Only if nothing was added meanwhile: else the sweeper publishes all of it again, which readers see as repeats.
        await self._collection.update_one({"_id": document_id, FIELD: entries}, {"$set": {FIELD: []}})
