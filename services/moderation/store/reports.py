"""`sent` and `reports`: which mail carried which leak, and what recipients said of it. Either may arrive first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING

from shared.events.deliveries import LeakDelivered
from shared.events.recipients import LeakReported
from shared.runtime import mongo
from shared.runtime.mongo import Collection, Database

SHOWN: Final = 100


@dataclass(frozen=True)
class Report:
    """What a recipient said of one mail. Without a leak_id it waits for the news that the mail was sent."""

    report_id: str
    token_digest: str
    reported_at: datetime
    reason: str
    details: str | None
    state: str
    leak_id: str | None = None
    recipient_pseudonym: str | None = None
    delivered_at: datetime | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


class Reports:
    """Both sides insert first and look for the other one then: whoever comes second joins them."""

    def __init__(self, database: Database) -> None:
        self._sent: Collection = database["sent"]
        self._reports: Collection = database["reports"]

    async def create_indexes(self) -> None:
        """Idempotent."""
        await self._sent.create_index("delivered_at")
        await self._reports.create_index("report_id", unique=True)
        await self._reports.create_index("token_digest")
        await self._reports.create_index("recipient_pseudonym", sparse=True)
        await self._reports.create_index([("state", ASCENDING), ("reported_at", ASCENDING)])

    async def add_sent(self, events: Iterable[LeakDelivered]) -> None:
        """Remember whose mail bears which token."""
        await mongo.insert_new(
            self._sent,
            [
                {"_id": event.report_token_digest, "leak_id": event.leak_id, "delivered_at": event.delivered_at}
                for event in events
            ],
        )

    async def add(self, events: Mapping[str, LeakReported]) -> None:
        """Keep reports, by report_id; they stay `early` until their mail is known."""
        await mongo.insert_new(
            self._reports,
            [
                {
                    "_id": event.event_id,
                    "report_id": report_id,
                    "token_digest": event.token_digest,
                    "state": "early",
                    "reported_at": event.reported_at,
                    "reason": event.reason,
                    "details": event.details,
                }
                for report_id, event in events.items()
            ],
        )

    async def early(self, token_digests: Sequence[str]) -> list[str]:
        """Those of the tokens that were reported before their mail was known."""
        if not token_digests:
            return []
        query = {"state": "early", "token_digest": {"$in": list(token_digests)}}
        return await self._reports.distinct("token_digest", query)

    async def sent(self, token_digests: Sequence[str]) -> dict[str, str]:
        """Token digest → leak_id, for mail that was sent."""
        if not token_digests:
            return {}
        found = self._sent.find({"_id": {"$in": list(token_digests)}})
        return {one["_id"]: one["leak_id"] async for one in found}

    async def join(self, token_digest: str, leak_id: str, recipient_pseudonym: str | None) -> None:
        """The reports of this mail are about this leak: people can look at them."""
        about = {"state": "open", "leak_id": leak_id, "recipient_pseudonym": recipient_pseudonym}
        known = {name: value for name, value in about.items() if value is not None}
        await self._reports.update_many({"token_digest": token_digest, "state": "early"}, {"$set": known})

    async def open(self) -> list[Report]:
        """What nobody has looked at, oldest first."""
        found = self._reports.find({"state": "open"}).sort("reported_at", ASCENDING).limit(SHOWN)
        return [_report(one) async for one in found]

    async def count_open(self) -> int:
        """How many nobody has looked at."""
        return await self._reports.count_documents({"state": "open"})

    async def find(self, report_id: str) -> Report | None:
        """One report that has its leak."""
        found = await self._reports.find_one({"report_id": report_id, "state": {"$ne": "early"}})
        if found is None:
            return None
        sent = await self._sent.find_one({"_id": found["token_digest"]}, {"delivered_at": 1})
        return _report({**found, **({"delivered_at": sent["delivered_at"]} if sent else {})})

    async def close(self, report_id: str, state: str, name: str, now: datetime) -> bool:
        """Record an outcome; False when it was closed already."""
        closed = await self._reports.update_one(
            {"report_id": report_id, "state": "open"},
            {"$set": {"state": state, "closed_at": now, "closed_by": name}},
        )
        return bool(closed.matched_count)

    async def count_about(self, recipient_pseudonym: str) -> int:
        """How many mails this recipient reported."""
        query = {"recipient_pseudonym": recipient_pseudonym, "state": {"$in": ["open", "upheld"]}}
        return len(await self._reports.distinct("token_digest", query))

    async def erase(self, before: datetime) -> None:
        """Erase the words of reports made before; their reason and outcome stay."""
        query = {"reported_at": {"$lt": before}, "details": {"$ne": None}}
        await self._reports.update_many(query, {"$set": {"details": None}})

    async def forget(self, before: datetime) -> None:
        """Delete what was sent or reported before."""
        await self._sent.delete_many({"delivered_at": {"$lt": before}})
        await self._reports.delete_many({"reported_at": {"$lt": before}})


def _report(found: Mapping[str, Any]) -> Report:
    fields = {name: value for name, value in found.items() if name != "_id"}
    return Report(**fields)
