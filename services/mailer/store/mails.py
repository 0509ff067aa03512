"""The mails that wait, and the journal of their attempts.

One document a mail, by leak_id or challenge_id: what it is made of, sealed; who has it; in the end how it ended, and
nothing of what it was made of. `due_at` is when a replica may take it; taking it moves `due_at` to the lease's end, so
a crashed replica's mails come back by themselves. `attempt_at` stands while an attempt's end is not in the journal.
A document without `due_at` is done with, or is the tombstone of a word that came before its leak.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pymongo import ReturnDocument

from services.mailer.domain import Again, Change, End, Ending, Halt, Job, Standing, What
from services.mailer.store import shapes
from shared.runtime import mongo
from shared.runtime.mongo import Database, Document

OF_THE_LEASE = {"lease": "", "attempt_at": ""}
NOT_ENDED = {"end": {"$exists": False}}


class Mails:
    """The collection `mails`."""

    def __init__(self, database: Database, *, lease: timedelta, keep: timedelta) -> None:
        self._mails: mongo.Collection = database["mails"]
        self._lease = lease
        self._keep = keep

    async def create_indexes(self) -> None:
        """Idempotent."""
        for field in ("due_at", "untold_since", "forget_at"):
            await self._mails.create_index(field, sparse=True)

    # -- what arrives

    async def add(self, jobs: Sequence[Job]) -> set[str]:
        """Keep what is new; the ids of those that were there already."""
        return await mongo.insert_new(self._mails, [shapes.document(job) for job in jobs])

    async def add_tombstones(self, standings: Mapping[str, Standing], now: datetime) -> set[str]:
        """Remember words that came before their leak; the ids of those that were there already."""
        return await mongo.insert_new(self._mails, [
            {"_id": id_, "revision": one.revision, "halt": one.halt, "forget_at": now + self._keep}
            for id_, one in standings.items()
        ])

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

    async def take(
        self, at_most: int, busy: Mapping[str, int], per_domain: int, now: datetime, *, halted_only: bool = False
    ) -> list[Job]:
        """Lease mails that are due. `busy`: mails in flight a domain; none gets more than `per_domain`."""
        due: Document = {"due_at": {"$lte": now}} | ({"halt": {"$in": ["stopped", "cancelled"]}} if halted_only else {})
        full = [domain for domain, count in busy.items() if count >= per_domain]
        others = {"domain": {"$nin": full}} if full else {}
        found = self._mails.find(due | others, {"domain": 1}).sort("due_at").limit(at_most)
        ids = shapes.fair_share([one async for one in found], busy, per_domain)
        if not ids:
            return []
        lease = secrets.token_hex(16)
        await self._mails.update_many(
            {"_id": {"$in": ids}, **due}, {"$set": {"lease": lease, "due_at": now + self._lease}}
        )
        return [shapes.job(one) async for one in self._mails.find({"_id": {"$in": ids}, "lease": lease})]

    async def note_unknown(self, job: Job) -> None:
        """Journal that an attempt was cut off: its end is unknown."""
        await self._mails.update_one(
            {"_id": job.id, "lease": job.lease}, {"$set": {"unknown": job.unknown}, "$unset": {"attempt_at": ""}}
        )

    async def start(self, jobs: Sequence[Job], day: str, now: datetime) -> dict[str, Halt | None]:
        """Journal that attempts begin, and renew the leases; the halt of each mail that is still ours."""
        ids = [job.id for job in jobs]
        leases = sorted({job.lease for job in jobs if job.lease})
        attempt = secrets.token_hex(16)
        ours = {"_id": {"$in": ids}, "lease": {"$in": leases}, "due_at": {"$gt": now}, **NOT_ENDED}
        started = {"attempt_at": now, "attempt": attempt, "counted": day, "due_at": now + self._lease}
        await self._mails.update_many(ours, {"$set": started})
        found = self._mails.find({"_id": {"$in": ids}, "attempt": attempt}, {"halt": 1})
        return {one["_id"]: one.get("halt") async for one in found}

    async def end(self, endings: Sequence[Ending]) -> list[Ending]:
        """Journal how mails ended and erase what they were made of. The first end of a mail counts, and is returned."""
        alike: dict[tuple[What, End, datetime], list[str]] = defaultdict(list)
        for one in endings:
            alike[one.what, one.end, one.at].append(one.id)
        for (what, end, at), ids in alike.items():
            await self._mails.update_many({"_id": {"$in": ids}, **NOT_ENDED}, shapes.ended(what, end, at, self._keep))
        stored = await self.ended([one.id for one in endings])
        return [stored.get(one.id, one) for one in endings]

    async def give_back(self, job: Job, again: Again, now: datetime) -> None:
        """End the lease: the mail is due again at `again.at`, or now if somebody halted it meanwhile."""
        fields = {"due_at": again.at, "tries": again.tries, "unknown": again.unknown}
        after = await self._mails.find_one_and_update(
            {"_id": job.id, "lease": job.lease, **NOT_ENDED}, {"$set": fields, "$unset": OF_THE_LEASE},
            return_document=ReturnDocument.AFTER,
        )
        if after is not None and after.get("halt"):
            await self._mails.update_one(
                {"_id": job.id, "lease": None, "halt": after["halt"], **NOT_ENDED}, {"$set": {"due_at": now}}
            )

    async def lay_down(self, job: Job, now: datetime) -> bool:
        """Erase a letter whose approval was taken back; False when it was approved again meanwhile."""
        laid = await self._mails.update_one(
            {"_id": job.id, "lease": job.lease, "halt": "stopped"},
            {"$unset": {**shapes.PERISHABLE, **OF_THE_LEASE}, "$set": {"forget_at": now + self._keep}},
        )
        return bool(laid.matched_count)

    # -- what is told

    async def ended(self, ids: Collection[str]) -> dict[str, Ending]:
        """How these ended, as far as they did."""
        found = self._mails.find({"_id": {"$in": list(ids)}, "end": {"$exists": True}})
        return {one["_id"]: shapes.ending(one) async for one in found}

    async def untold(self, before: datetime, at_most: int) -> list[Ending]:
        """Ends that a crash kept from being told."""
        found = self._mails.find({"untold_since": {"$lt": before}}).sort("untold_since").limit(at_most)
        return [shapes.ending(one) async for one in found]

    async def told(self, ids: Collection[str]) -> None:
        """Mark ends as told."""
        await self._mails.update_many({"_id": {"$in": list(ids)}}, {"$unset": {"untold_since": ""}})

    async def forget(self, now: datetime) -> None:
        """Delete ends and tombstones whose time is over."""
        await self._mails.delete_many({"forget_at": {"$lt": now}, "untold_since": {"$exists": False}})
