"""`cases`: leaks that a person may have to look at. `_id` leak_id; moderators know a case by its `case_id` alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, ReturnDocument

from services.moderation.domain import LETTER_FIELDS, Case, Lease, urgency
from services.moderation.store.outcomes import read_findings, stored_findings
from shared.events.leaks import SealedLetter
from shared.events.values import AddressDigestText
from shared.runtime import mongo
from shared.runtime.mongo import Collection, Database, Document
from shared.runtime.outbox import Entry

# The queue shows this many of each severity; those not shown are younger than all of their severity that are.
SHOWN_OF_EACH: Final = 50
SEVERITIES: Final = (4, 3, 2, 1)
_PLAIN: Final = (
    "case_id",
    "ending",
    "revision",
    "opened_at",
    "severity",
    "policy",
    "version",
    "receipt_key",
    "automated",
    "decided_at",
    "decided_by",
    "escalated_at",
    "sealed_note",
    "fence",
)


@dataclass(frozen=True)
class Backlog:
    """What is held, in numbers: what nobody has in hand yet, and what somebody has."""

    waiting: int
    claimed: int
    oldest: datetime | None


class Cases:
    """A case changes only while it is held, and by people only under a claim that still stands."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["cases"]

    async def create_indexes(self) -> None:
        """Idempotent."""
        await self.collection.create_index("case_id", unique=True)
        await self.collection.create_index([("ending", ASCENDING), ("severity", ASCENDING), ("opened_at", ASCENDING)])
        await self.collection.create_index("recipient_pseudonyms")
        await self.collection.create_index("decided_at")

    async def open(self, cases: Iterable[Case]) -> None:
        """Insert those that are not there yet."""
        await mongo.insert_new(self.collection, [_document(case) for case in cases])

    async def by_case_id(self, case_id: str) -> Case | None:
        """The case moderators know by this id."""
        return await self._one({"case_id": case_id})

    async def by_leak(self, leak_id: str) -> Case | None:
        """The case of this leak."""
        return await self._one({"_id": leak_id})

    async def held_by(self, name: str, now: datetime) -> Case | None:
        """What this person holds."""
        return await self._one({"ending": "held", "lease.by": name, "lease.until": {"$gt": now}})

    async def queue(self, now: datetime) -> list[Case]:
        """What waits, most urgent first, claimed ones too. Age decides within a severity: the oldest suffice."""
        found: list[Case] = []
        for severity in SEVERITIES:
            some = self.collection.find({"ending": "held", "severity": severity}).sort("opened_at", ASCENDING)
            found += [_case(one) async for one in some.limit(SHOWN_OF_EACH)]
        return sorted(found, key=lambda case: -urgency(case.severity, case.opened_at, now))

    async def backlog(self, now: datetime) -> Backlog:
        """How many wait, how many are in somebody's hands, since when the oldest of both is held."""
        held = await self.collection.count_documents({"ending": "held"})
        claimed = await self.collection.count_documents({"ending": "held", "lease.until": {"$gt": now}})
        oldest = await self.collection.find_one({"ending": "held"}, {"opened_at": 1}, sort=[("opened_at", ASCENDING)])
        # Two counts at two moments: one may be decided in between.
        return Backlog(max(0, held - claimed), claimed, oldest["opened_at"] if oldest else None)

    async def claim(self, case_id: str, name: str, now: datetime, until: datetime) -> Case | None:
        """Take a free case, or one's own again; None when somebody else holds it or nothing is left to decide."""
        free: list[Document] = [{"lease": None}, {"lease.until": {"$lte": now}}, {"lease.by": name}]
        found = await self.collection.find_one_and_update(
            {"case_id": case_id, "ending": "held", "$or": free},
            {"$set": {"lease": {"by": name, "until": until}}, "$inc": {"fence": 1}},
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _case(found)

    async def renew(self, case_id: str, lease: Lease, now: datetime, until: datetime) -> bool:
        """Hold it longer; False when the claim has ended."""
        return await self._change({"case_id": case_id, **_still(lease, now)}, {"$set": {"lease.until": until}})

    async def mark_read(self, case_id: str, lease: Lease, now: datetime) -> bool:
        """Remember that the words are shown to the claim's holder; False when the claim has ended."""
        return await self._change({"case_id": case_id, **_still(lease, now)}, {"$set": {"lease.read": True}})

    async def release(self, case_id: str, lease: Lease, now: datetime) -> None:
        """Give it back."""
        await self._change({"case_id": case_id, **_still(lease, now)}, {"$set": {"lease": None}})

    async def settle(self, case: Case, outbox: list[Entry], under: Lease, now: datetime) -> bool:
        """State and outgoing event in one write; False when the claim ended or the leak was withdrawn meanwhile."""
        return await self._replace(case, outbox, _still(under, now))

    async def withdraw(self, case: Case, outbox: list[Entry]) -> bool:
        """The same without a claim; False when the case was decided meanwhile."""
        return await self._replace(case, outbox, {"ending": "held"})

    async def lapsed(self, before: datetime) -> list[Case]:
        """What nobody decided since."""
        found = self.collection.find({"ending": "held", "opened_at": {"$lt": before}}).limit(500)
        return [_case(one) async for one in found]

    async def erase(self, before: datetime) -> None:
        """Erase the words and keys of what was rejected before; that it was rejected stays."""
        await self.collection.update_many(
            {"ending": "rejected", "decided_at": {"$lt": before}, "letter": {"$exists": True}},
            {"$unset": {"letter": "", "receipt_key": "", "findings": ""}},
        )

    async def forget(self, before: datetime) -> None:
        """Delete cases decided before. What is held is never forgotten: it lapses first."""
        await self.collection.delete_many({"ending": {"$ne": "held"}, "decided_at": {"$lt": before}})

    async def count_earlier(self, recipient_pseudonyms: Sequence[AddressDigestText], ending: str, but: str) -> int:
        """How many other leaks to this recipient ended so."""
        return await self.collection.count_documents(
            {"recipient_pseudonyms": {"$in": list(recipient_pseudonyms)}, "ending": ending, "_id": {"$ne": but}}
        )

    async def _one(self, query: Document) -> Case | None:
        found = await self.collection.find_one(query)
        return None if found is None else _case(found)

    async def _replace(self, case: Case, outbox: list[Entry], only_if: Document) -> bool:
        # Only over the revision that was read; an outbox that a crash left is kept.
        fields = _document(case)
        gone = {name: "" for name in ("letter", "receipt_key", "findings", "policy") if name not in fields}
        change: Document = {"$set": fields, "$push": {"outbox": {"$each": outbox}}}
        return await self._change({"_id": fields.pop("_id"), **only_if}, change | ({"$unset": gone} if gone else {}))

    async def _change(self, query: Document, change: Document) -> bool:
        return bool((await self.collection.update_one(query, change)).matched_count)


def _still(lease: Lease, now: datetime) -> Document:
    return {"ending": "held", "lease.by": lease.by, "lease.until": {"$gt": now}, "fence": lease.fence}


def _document(case: Case) -> Document:
    plain = {name: value for name in _PLAIN if (value := getattr(case, name)) is not None}
    letter = {"letter": case.letter.model_dump(include=set(LETTER_FIELDS))} if case.letter else {}
    lease = {"lease": {name: getattr(case.lease, name) for name in ("by", "until", "read")} if case.lease else None}
    pseudonyms = {"recipient_pseudonyms": list(case.recipient_pseudonyms)}
    return {"_id": case.leak_id, **plain, **pseudonyms, **letter, **lease, **stored_findings(case.findings)}


def _case(found: Mapping[str, Any]) -> Case:
    lease, letter = found.get("lease"), found.get("letter")
    plain: dict[str, Any] = {name: found.get(name) for name in _PLAIN}
    return Case(
        leak_id=found["_id"],
        **plain,
        findings=read_findings(found),
        recipient_pseudonyms=tuple(found.get("recipient_pseudonyms", ())),
        letter=SealedLetter(leak_id=found["_id"], **letter) if letter else None,
        lease=Lease(lease["by"], lease["until"], found["fence"], lease.get("read", False)) if lease else None,
    )
