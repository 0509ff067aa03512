"""The mails that wait, and the journal of their attempts.

One document a mail, by leak_id or challenge_id: what it is made of, sealed; who has it; at last how it ended, and
nothing of what it was made of. `due_at` is when a replica may begin an attempt; beginning moves `due_at` to the
lease's end, so a crashed replica's mails come back by themselves. `attempt_at` stands from the beginning of an attempt
until its outcome is in the journal: found on a mail that is due, it says that a crash cut the attempt off.
A document without `due_at` is done with, or is the tombstone of an event that came before its leak.

An update costs several times an insert, so a mail has two: when its attempt begins, and when it ends.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pymongo import ReturnDocument

from services.mailer.domain import Change, Job, MailOutcome, MailState, Outcome, Retry
from services.mailer.store import shapes
from shared.runtime import mongo
from shared.runtime.clock import to_the_millisecond
from shared.runtime.mongo import Database, Document

OF_THE_LEASE = {"lease": "", "attempt_at": ""}
NOT_ENDED = {"outcome": {"$exists": False}}


class Mails:
    """The collection `mails`. `keep`: how long an outcome or a tombstone is kept."""

    def __init__(self, database: Database, *, lease: timedelta, keep: timedelta) -> None:
        self._mails: mongo.Collection = database["mails"]
        self._lease = lease
        self._keep = keep

    async def create_indexes(self) -> None:
        """Idempotent."""
        for field in ("due_at", "forget_at"):
            await self._mails.create_index(field, sparse=True)

    # -- what arrives

    async def add(self, jobs: Sequence[Job]) -> set[str]:
        """Store what is new; the ids of those that were there already."""
        return await mongo.insert_new(self._mails, [shapes.document(job) for job in jobs])

    async def add_tombstones(self, states: Mapping[str, MailState], now: datetime) -> set[str]:
        """Remember events that came before their leak; the ids of those that were there already."""
        return await mongo.insert_new(
            self._mails,
            [
                {"_id": id_, "revision": one.revision, "halt": one.halt, "forget_at": now + self._keep}
                for id_, one in states.items()
            ],
        )

    async def states(self, ids: Collection[str]) -> dict[str, MailState]:
        """Where these stand."""
        fields = dict.fromkeys(("revision", "halt", "due_at", "lease", "outcome"), 1)
        found = self._mails.find({"_id": {"$in": list(ids)}}, fields)
        return {one["_id"]: shapes.state(one) async for one in found}

    async def change(self, id_: str, seen: MailState, change: Change, job: Job | None, now: datetime) -> bool:
        """Apply `change` if the mail still stands as seen; False when it moved meanwhile.

        A mail on the wire keeps its lease: whoever has it looks at `halt` when the attempt is over.
        """
        as_seen: Document = {"_id": id_, "revision": seen.revision, "halt": seen.halt, "lease": seen.lease}
        as_seen["due_at"] = {"$exists": seen.waiting}
        fields: Document = {"revision": change.revision, "halt": change.halt}
        if change.letter and job is not None:
            fields |= shapes.mail_fields(job)
        if change.due and seen.lease is None:
            fields["due_at"] = job.due_at if change.letter and job is not None else now
        unset = {"$unset": {"forget_at": ""}} if change.due else {}
        return bool((await self._mails.update_one(as_seen | NOT_ENDED, {"$set": fields, **unset})).matched_count)

    # -- what is taken, and what becomes of it

    async def due(
        self, at_most: int, now: datetime, *, passing_over: Collection[str] = (), halted_only: bool = False
    ) -> list[Job]:
        """Mails whose time has come, without their content, and as they stand now: `begin` says if they still do.

        `passing_over`: digests of domains that nothing is wanted for.
        """
        wanted: Document = {"due_at": {"$lte": now}} | (
            {"domain_digest": {"$nin": [*passing_over]}} if passing_over else {}
        )
        if halted_only:
            wanted["halt"] = {"$in": ["stopped", "cancelled"]}
        found = self._mails.find(wanted, {"content": 0}).sort("due_at").limit(at_most)
        return [shapes.job(one) async for one in found]

    async def begin(self, ids: Collection[str], now: datetime) -> dict[str, Job]:
        """Lease those of these mails that are due, and journal that their attempts begin; as they stand then."""
        lease = secrets.token_hex(16)
        begun = {"lease": lease, "attempt_at": now, "due_at": now + self._lease}
        await self._mails.update_many({"_id": {"$in": [*ids]}, **_waiting(now)}, {"$set": begun})
        found = self._mails.find({"_id": {"$in": [*ids]}, "lease": lease})
        return {one["_id"]: shapes.job(one, ours=True) async for one in found}

    async def note_unknown(self, job: Job, now: datetime) -> bool:
        """Journal that an attempt was cut off: its end is unknown. False when somebody else did."""
        noted = await self._mails.update_one(
            {"_id": job.id, "lease": job.lease, "due_at": {"$lte": now}},
            {"$set": {"unknown": job.unknown}, "$unset": OF_THE_LEASE},
        )
        return bool(noted.matched_count)

    async def end_unsent(self, job: Job, outcome: Outcome, now: datetime) -> MailOutcome | None:
        """Journal an outcome without an attempt; None when the mail does not stand as it was seen any more."""
        stored = MailOutcome(job.id, outcome, to_the_millisecond(now), job.message_id_digest)
        ended = await self._mails.update_one(
            {"_id": job.id, "halt": job.halt, **_waiting(now)}, shapes.ended(outcome, now, self._keep)
        )
        return stored if ended.matched_count else None

    async def end(self, outcomes: Sequence[MailOutcome]) -> list[MailOutcome]:
        """Journal how mails ended and erase what they were made of. A mail's first outcome counts, and is returned."""
        alike: dict[tuple[Outcome, datetime], list[str]] = defaultdict(list)
        for one in outcomes:
            alike[one.outcome, one.at].append(one.id)
        ended = 0
        for (outcome, at), ids in alike.items():
            update = shapes.ended(outcome, at, self._keep)
            ended += (await self._mails.update_many({"_id": {"$in": ids}, **NOT_ENDED}, update)).matched_count
        stored = await self.outcomes([one.id for one in outcomes]) if ended < len(outcomes) else {}
        return [stored.get(one.id) or replace(one, at=to_the_millisecond(one.at)) for one in outcomes]

    async def outcomes(self, ids: Collection[str]) -> dict[str, MailOutcome]:
        """How these ended, as far as they did."""
        found = self._mails.find({"_id": {"$in": list(ids)}, "outcome": {"$exists": True}})
        return {one["_id"]: shapes.outcome(one) async for one in found}

    async def give_back(self, job: Job, retry: Retry, now: datetime) -> None:
        """End the lease: the mail is due again at `retry.at`, or now if somebody halted it meanwhile."""
        fields = {"due_at": retry.at, "tries": retry.tries, "unknown": retry.unknown, "counted": job.counted}
        after = await self._mails.find_one_and_update(
            {"_id": job.id, "lease": job.lease, **NOT_ENDED},
            {"$set": fields, "$unset": OF_THE_LEASE},
            return_document=ReturnDocument.AFTER,
        )
        if after is not None and after.get("halt"):
            await self._mails.update_one(
                {"_id": job.id, "lease": None, "halt": after["halt"], **NOT_ENDED}, {"$set": {"due_at": now}}
            )

    async def lay_down(self, job: Job, now: datetime) -> None:
        """Erase a letter whose approval was taken back, unless it was approved again meanwhile."""
        await self._mails.update_one(
            {"_id": job.id, "halt": "stopped", **_waiting(now)},
            {"$unset": {**shapes.PERISHABLE, **OF_THE_LEASE}, "$set": {"forget_at": now + self._keep}},
        )

    async def forget(self, now: datetime) -> None:
        """Delete outcomes and tombstones whose time is over."""
        await self._mails.delete_many({"forget_at": {"$lt": now}})


def _waiting(now: datetime) -> Document:
    """Due, and not cut off in an attempt."""
    return {"due_at": {"$lte": now}, "attempt_at": {"$exists": False}}
