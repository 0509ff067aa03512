"""`outcomes`: the first word on each leak, `_id` leak_id, inserted once; also the tombstone of an early cancel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.moderation.domain import Outcome
from services.moderation.policy.verdict import Finding
from shared.runtime import mongo
from shared.runtime.mongo import Collection, Database, Document


class Outcomes:
    """Insert-only; one write for a batch."""

    def __init__(self, database: Database) -> None:
        self._outcomes: Collection = database["outcomes"]

    async def create_indexes(self) -> None:
        """For forgetting; everything else asks by leak_id."""
        await self._outcomes.create_index("decided_at")

    async def settle(self, outcomes: Iterable[Outcome]) -> dict[str, Outcome]:
        """Store each unless there is one already; the ones that count, by leak_id."""
        fresh = {outcome.leak_id: outcome for outcome in outcomes}
        known = await mongo.insert_new(self._outcomes, [document(outcome) for outcome in fresh.values()])
        return fresh | await self.find(sorted(known))

    async def find(self, leak_ids: Sequence[str]) -> dict[str, Outcome]:
        """What was first said on these."""
        if not leak_ids:
            return {}
        return {found["_id"]: outcome(found) async for found in self._outcomes.find({"_id": {"$in": list(leak_ids)}})}

    async def forget(self, before: datetime) -> None:
        """Delete what was decided before."""
        await self._outcomes.delete_many({"decided_at": {"$lt": before}})


def document(outcome: Outcome) -> Document:
    """As stored: what is not there is left out."""
    fields = {name: value for name, value in vars(outcome).items() if value not in (None, ())}
    return {"_id": fields.pop("leak_id"), **fields, **stored_findings(outcome.findings)}


def outcome(found: Mapping[str, Any]) -> Outcome:
    """As read."""
    fields = {name: value for name, value in found.items() if name != "_id"}
    return Outcome(leak_id=found["_id"], **{**fields, "findings": read_findings(found)})


def stored_findings(findings: Sequence[Finding]) -> Document:
    """Findings as documents, or nothing."""
    return {"findings": [asdict(finding) for finding in findings]} if findings else {}


def read_findings(found: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Findings from a document."""
    return tuple(Finding(**finding) for finding in found.get("findings", ()))
