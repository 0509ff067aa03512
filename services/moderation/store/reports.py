"""`reports`: what recipients said of mail that was sent, `_id` the digest of the used token: one report a mail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING

from shared.events.values import AddressDigestText, SealedText, TokenDigestText
from shared.runtime import mongo
from shared.runtime.mongo import Collection, Database

SHOWN: Final = 100


@dataclass(frozen=True)
class Report:
    """What a recipient said of one mail."""

    report_id: str
    token_digest: TokenDigestText
    reported_at: datetime
    reason: str
    sealed_details: SealedText | None
    state: str
    leak_id: str
    recipient_pseudonyms: tuple[AddressDigestText, ...] = ()
    closed_at: datetime | None = None
    closed_by: str | None = None


class Reports:
    """Insert-only but for the closing: the first report of a mail counts."""

    def __init__(self, database: Database) -> None:
        self._reports: Collection = database["reports"]

    async def create_indexes(self) -> None:
        """Idempotent."""
        await self._reports.create_index("report_id", unique=True)
        await self._reports.create_index("recipient_pseudonyms", sparse=True)
        await self._reports.create_index([("state", ASCENDING), ("reported_at", ASCENDING)])

    async def add(self, reports: Iterable[Report]) -> None:
        """Store those of mails that nobody reported yet."""
        await mongo.insert_new(self._reports, [_document(report) for report in reports])

    async def open(self) -> list[Report]:
        """What nobody has looked at, oldest first."""
        found = self._reports.find({"state": "open"}).sort("reported_at", ASCENDING).limit(SHOWN)
        return [_report(one) async for one in found]

    async def count_open(self) -> int:
        """How many nobody has looked at."""
        return await self._reports.count_documents({"state": "open"})

    async def find(self, report_id: str) -> Report | None:
        """One report."""
        found = await self._reports.find_one({"report_id": report_id})
        return None if found is None else _report(found)

    async def close(self, report_id: str, state: str, name: str, now: datetime) -> bool:
        """Record an outcome; False when it was closed already."""
        closed = await self._reports.update_one(
            {"report_id": report_id, "state": "open"},
            {"$set": {"state": state, "closed_at": now, "closed_by": name}},
        )
        return bool(closed.matched_count)

    async def count_about(self, recipient_pseudonyms: Sequence[AddressDigestText]) -> int:
        """How many mails this recipient reported."""
        query = {"recipient_pseudonyms": {"$in": list(recipient_pseudonyms)}, "state": {"$in": ["open", "upheld"]}}
        return await self._reports.count_documents(query)

    async def erase(self, before: datetime) -> None:
        """Erase the words of reports made before; their reason and outcome stay."""
        query = {"reported_at": {"$lt": before}, "sealed_details": {"$ne": None}}
        await self._reports.update_many(query, {"$set": {"sealed_details": None}})

    async def forget(self, before: datetime) -> None:
        """Delete what was reported before."""
        await self._reports.delete_many({"reported_at": {"$lt": before}})


def _document(report: Report) -> dict[str, Any]:
    fields = {name: value for name, value in vars(report).items() if value is not None}
    return {**fields, "_id": fields.pop("token_digest"), "recipient_pseudonyms": list(report.recipient_pseudonyms)}


def _report(found: Mapping[str, Any]) -> Report:
    fields = {name: found.get(name) for name in Report.__dataclass_fields__}
    pseudonyms = tuple(found.get("recipient_pseudonyms", ()))
    return Report(**{**fields, "token_digest": found["_id"], "recipient_pseudonyms": pseudonyms})
