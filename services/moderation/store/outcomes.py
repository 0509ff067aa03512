"""`outcomes`: the first decision on each leak, `_id` leak_id, inserted once; also the tombstone of an early cancel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.moderation.domain import FirstDecision
from services.moderation.policy.verdict import Finding
from shared.events.values import SealedToReceiptText
from shared.runtime import mongo
from shared.runtime.mongo import Collection, Database, Document


class Outcomes:
    """Insert-only; one write for a batch."""

    def __init__(self, database: Database) -> None:
        self._outcomes: Collection = database["outcomes"]

    async def create_indexes(self) -> None:
        """For forgetting; everything else asks by leak_id."""
        await self._outcomes.create_index("decided_at")

    async def settle(self, outcomes: Iterable[FirstDecision]) -> dict[str, FirstDecision]:
        """Store each unless there is one already; the ones that count, by leak_id."""
        fresh = {outcome.leak_id: outcome for outcome in outcomes}
        known = await mongo.insert_new(self._outcomes, [document(outcome) for outcome in fresh.values()])
        return fresh | await self.find(sorted(known))

    async def find(self, leak_ids: Sequence[str]) -> dict[str, FirstDecision]:
        """What was first decided on these."""
        if not leak_ids:
            return {}
        return {found["_id"]: outcome(found) async for found in self._outcomes.find({"_id": {"$in": list(leak_ids)}})}

    async def add_note(self, leak_id: str, sealed_note: SealedToReceiptText) -> FirstDecision:
        """Put a note to a tombstone whose leak has come; the first one counts."""
        lacking = {"_id": leak_id, "sealed_note": {"$exists": False}}
        await self._outcomes.update_one(lacking, {"$set": {"sealed_note": sealed_note}})
        return (await self.find([leak_id]))[leak_id]

    async def forget(self, before: datetime) -> None:
        """Delete what was decided before."""
        await self._outcomes.delete_many({"decided_at": {"$lt": before}})


def document(outcome: FirstDecision) -> Document:
    """As stored: what is not there is left out."""
    fields = {name: value for name, value in vars(outcome).items() if value not in (None, ())}
    return {
        "_id": fields.pop("leak_id"),
        **fields,
        "recipient_pseudonyms": list(outcome.recipient_pseudonyms),
        **stored_findings(outcome.findings),
    }


def outcome(found: Mapping[str, Any]) -> FirstDecision:
    """As read."""
    fields = {name: value for name, value in found.items() if name != "_id"}
    return FirstDecision(
        leak_id=found["_id"],
        **{**fields, "findings": read_findings(found), "recipient_pseudonyms": tuple(found["recipient_pseudonyms"])},
    )


def _lists(decided: FirstDecision) -> Document:
    return {"recipient_pseudonyms": list(decided.recipient_pseudonyms), **stored_findings(decided.findings)}


def _tuples(found: Mapping[str, Any]) -> Document:
    return {"findings": read_findings(found), "recipient_pseudonyms": tuple(found["recipient_pseudonyms"])}


def stored_findings(findings: Sequence[Finding]) -> Document:
    """Findings as documents, or nothing."""
    return {"findings": [asdict(finding) for finding in findings]} if findings else {}


def read_findings(found: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Findings from a document."""
    return tuple(Finding(**finding) for finding in found.get("findings", ()))
