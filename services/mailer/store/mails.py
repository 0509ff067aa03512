"""The mails that wait, and the journal of their attempts.

One document a mail, by leak_id or challenge_id: what it is made of, sealed; who has it; in the end how it ended, and
nothing of what it was made of. `due_at` is when a replica may begin an attempt; beginning moves `due_at` to the
lease's end, so a crashed replica's mails come back by themselves. `attempt_at` stands from the beginning of an attempt
until its end is in the journal: found on a mail that is due, it says that a crash cut the attempt off.
A document without `due_at` is done with, or is the tombstone of a word that came before its leak.

An update costs several times an insert, so a mail has two: when its attempt begins, and when it ends. What is still to
be told of ends is kept a batch at a time, in `batches`.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pymongo import ReturnDocument

from services.mailer.domain import Again, Change, End, Ending, Job, Standing, What
from services.mailer.store import shapes
from shared.runtime import mongo
from shared.runtime.clock import to_the_millisecond
from shared.runtime.mongo import Database, Document

OF_THE_LEASE = {"lease": "", "attempt_at": ""}
NOT_ENDED = {"end": {"$exists": False}}


class Mails:
    """The collections `mails` and `batches`."""

    def __init__(self, database: Database, *, lease: timedelta, keep: timedelta) -> None:
        self._mails: mongo.Collection = database["mails"]
        self._batches: mongo.Collection = database["batches"]
        self._lease = lease
        self._keep = keep

    async def create_indexes(self) -> None:
        """Idempotent."""
        for field in ("due_at", "forget_at"):
            await self._mails.create_index(field, sparse=True)

    # -- what arrives

    async def add(self, jobs: Sequence[Job]) -> set[str]:
        """Keep what is new; the ids of those that were there already."""
        return await mongo.insert_new(self._mails, [shapes.document(job) for job in jobs])

    async def add_tombstones(self, standings: Mapping[str, Standing], now: datetime) -> set[str]:
        """Remember words that came before their leak; the ids of those that were there already."""
        return await mongo.insert_new(
            self._mails,
            [
                {"_id": id_, "revision": one.revision, "halt": one.halt, "forget_at": now + self._keep}
                for id_, one in standings.items()
            ],
        )

    async def standings(self, ids: Collection[str]) -> dict[str, Standing]:
        """Where these stand."""
        fields = dict.fromkeys(("revision", "halt", "due_at", "lease", "end"), 1)
        found = self._mails.find({"_id": {"$in": list(ids)}}, fields)
        return {one["_id"]: shapes.standing(one) async for one in found}

    async def change(self, id_: str, seen: Standing, change: Change, job: Job | None, now: datetime) -> bool:
        """Apply `change` if the mail still stands as seen; False when it moved meanwhile.

        A mail on the wire keeps its lease: whoever has it looks at `halt` when the attempt is over.
        """
        as_seen: Document = {"_id": id_, "revision": seen.revision, "halt": seen.halt, "lease": seen.lease}
        as_seen["due_at"] = {"$exists": seen.waiting}
        fields: Document = {"revision": change.revision, "halt": change.halt}
        if change.letter and job is not None:
            fields |= shapes.letter_fields(job)
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
        wanted: Document = {"due_at": {"$lte": now}} | ({"domain": {"$nin": [*passing_over]}} if passing_over else {})
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

    async def end_unsent(self, job: Job, end: End, now: datetime) -> Ending | None:
        """Journal an end without an attempt; None when the mail does not stand as it was seen any more."""
        ending = Ending(job.id, job.what, end, to_the_millisecond(now), job.report)
        ended = await self._mails.update_one(
            {"_id": job.id, "halt": job.halt, **_waiting(now)}, shapes.ended(job.what, end, now, self._keep)
        )
        return ending if ended.matched_count else None

    async def end(self, endings: Sequence[Ending]) -> list[Ending]:
        """Journal how mails ended and erase what they were made of. The first end of a mail counts, and is returned."""
        alike: dict[tuple[What, End, datetime], list[str]] = defaultdict(list)
        for one in endings:
            alike[one.what, one.end, one.at].append(one.id)
        ended = 0
        for (what, end, at), ids in alike.items():
            update = shapes.ended(what, end, at, self._keep)
            ended += (await self._mails.update_many({"_id": {"$in": ids}, **NOT_ENDED}, update)).matched_count
        stored = await self.ended([one.id for one in endings]) if ended < len(endings) else {}
        return [stored.get(one.id) or replace(one, at=to_the_millisecond(one.at)) for one in endings]

    async def give_back(self, job: Job, again: Again, now: datetime) -> None:
        """End the lease: the mail is due again at `again.at`, or now if somebody halted it meanwhile."""
        fields = {"due_at": again.at, "tries": again.tries, "unknown": again.unknown, "counted": job.counted}
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

    # -- what is told

    async def ended(self, ids: Collection[str]) -> dict[str, Ending]:
        """How these ended, as far as they did."""
        found = self._mails.find({"_id": {"$in": list(ids)}, "end": {"$exists": True}})
        return {one["_id"]: shapes.ending(one) async for one in found}

    async def announce(self, ids: Collection[str], now: datetime) -> str:
        """Before ends are journaled: remember that they will be to be told. The batch's id, for `told`."""
        batch_id = secrets.token_hex(16)
        await self._batches.insert_one({"_id": batch_id, "since": now, "mails": [*ids]})
        return batch_id

    async def untold(self, before: datetime, at_most: int) -> dict[str, list[str]]:
        """Batches whose ends a crash may have kept from being told, with their mails."""
        found = self._batches.find({"since": {"$lt": before}}).sort("since").limit(at_most)
        return {one["_id"]: one["mails"] async for one in found}

    async def told(self, batch_ids: Collection[str]) -> None:
        """Forget batches whose ends were told."""
        await self._batches.delete_many({"_id": {"$in": [*batch_ids]}})

    async def told_but(self, batch_id: str, ids: Collection[str]) -> None:
        """Keep a batch for those of its mails that have not ended yet."""
        await self._batches.update_one({"_id": batch_id}, {"$set": {"mails": [*ids]}})

    async def forget(self, now: datetime) -> None:
        """Delete ends, tombstones and batches whose time is over."""
        await self._mails.delete_many({"forget_at": {"$lt": now}})
        await self._batches.delete_many({"since": {"$lt": now - self._keep}})


def _waiting(now: datetime) -> Document:
    """Due, and not cut off in an attempt."""
    return {"due_at": {"$lte": now}, "attempt_at": {"$exists": False}}
