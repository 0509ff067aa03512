"""Every query, index and document shape of the verifier. Documents are inserted once; two replicas can't both win.

- pending, by leak_id: what waits for a click; letter and challenge are erased when it is withdrawn.
- outcomes, by leak_id: how it ended here. The first one inserted counts; also the tombstone of an early cancel.
- stopped, by keyed digest of an address: who never wants a confirmation mail again. For good.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.verifier.domain import LeakOutcome, Pending, over_the_limit
from shared.events.confirmations import SenderChallenged
from shared.events.values import AddressDigestText, TokenDigestText
from shared.runtime import mongo
from shared.runtime.mongo import Database, Document


class Store:
    """The verifier's three collections."""

    def __init__(self, database: Database, *, keep: timedelta) -> None:
        self._pending: mongo.Collection = database["pending"]
        self._outcomes: mongo.Collection = database["outcomes"]
        self._stopped: mongo.Collection = database["stopped"]
        self._keep = keep

    async def create_indexes(self) -> None:
        """Idempotent. `slot` is what makes a daily limit hold between replicas."""
        await self._pending.create_index("confirm", unique=True)
        await self._pending.create_index("stop")
        await self._pending.create_index("expires_at")
        await self._pending.create_index("slot", unique=True, sparse=True)
        await self._outcomes.create_index("stop", sparse=True)
        await self._outcomes.create_index("dies_at")
        await self._outcomes.create_index("slot", unique=True, sparse=True)

    async def add(self, pending: Sequence[Pending], daily_cap: int) -> list[Pending]:
        """Store what is new, and return each as stored: a repeat gets the challenge that was made first."""
        fresh = {one.leak_id: one for one in pending}
        documents = [_pending_document(one) for one in fresh.values()]
        days = {
            one.leak_id: _day(one.sender_digest, one.challenge.challenged_at) for one in fresh.values() if one.challenge
        }
        repeats = await _insert_within(self._pending, documents, days, daily_cap, _without_challenge)
        for document in documents:
            if "challenge" not in document:
                fresh[document["_id"]] = replace(fresh[document["_id"]], challenge=None)
        return list((fresh | {one.leak_id: one for one in await self.pending(repeats)}).values())

    async def settle(self, outcomes: Iterable[LeakOutcome], daily_limit: int = 0) -> dict[str, LeakOutcome]:
        """Store each outcome unless there is one already; return the ones that count, by leak_id."""
        documents = [self._outcome_document(outcome) for outcome in {one.leak_id: one for one in outcomes}.values()]
        days = {
            document["_id"]: _day(document["sender_digest"], document["at"])
            for document in documents
            if document["ending"] == "confirmed"
        }
        repeats = await _insert_within(self._outcomes, documents, days, daily_limit, self._over_the_limit)
        return {document["_id"]: _outcome(document) for document in documents} | await self.outcomes(repeats)

    async def pending(self, leak_ids: Collection[str]) -> list[Pending]:
        """What waits, or waited until less than a day ago, among `leak_ids`."""
        return await self._find_pending({"_id": {"$in": list(leak_ids)}}) if leak_ids else []

    async def pending_by_confirm(self, digests: Collection[TokenDigestText]) -> list[Pending]:
        """What these confirm tokens were made for. The challenge is left out: a click has no use for it."""
        return await self._find_pending({"confirm": {"$in": list(digests)}}, {"challenge": 0})

    async def pending_by_stop(self, digests: Collection[TokenDigestText]) -> list[Pending]:
        """Everything that waits for the senders whose stop tokens these are."""
        return await self._find_pending({"stop": {"$in": list(digests)}}, {"challenge": 0})

    async def overdue(self, before: datetime, at_most: int) -> list[Pending]:
        """What nobody can confirm any more."""
        return await self._find_pending({"expires_at": {"$lt": before}}, {"challenge": 0, "letter": 0}, at_most)

    async def outcomes(self, leak_ids: Collection[str]) -> dict[str, LeakOutcome]:
        """How these ended, as far as they did."""
        if not leak_ids:
            return {}
        found = self._outcomes.find({"_id": {"$in": list(leak_ids)}})
        return {document["_id"]: _outcome(document) async for document in found}

    async def senders_by_stop(self, digests: Collection[TokenDigestText]) -> dict[TokenDigestText, AddressDigestText]:
        """Stop-token digest → sender, from what waits and, after that, from how it ended."""
        senders: dict[TokenDigestText, AddressDigestText] = {}
        for collection in (self._outcomes, self._pending):
            found = collection.find({"stop": {"$in": list(digests)}}, {"stop": 1, "sender_digest": 1})
            senders |= {document["stop"]: document["sender_digest"] async for document in found}
        return senders

    async def stop(self, senders: Mapping[AddressDigestText, datetime]) -> None:
        """Put senders on the stop list, for good."""
        documents = [{"_id": sender, "stopped_at": at} for sender, at in senders.items()]
        await mongo.insert_new(self._stopped, documents)

    async def stopped(self, senders: Collection[AddressDigestText]) -> set[AddressDigestText]:
        """Those of `senders` that are on the stop list."""
        found = self._stopped.find({"_id": {"$in": list(senders)}}, {"_id": 1})
        return {document["_id"] async for document in found}

    async def erase(self, leak_ids: Collection[str]) -> None:
        """Erase what was to travel on; the rest stays until the leak would have expired, to recognise a repeat."""
        if leak_ids:
            unset = {"$unset": {"letter": "", "challenge": ""}}
            await self._pending.update_many({"_id": {"$in": list(leak_ids)}}, unset)

    async def forget_pending(self, leak_ids: Collection[str]) -> None:
        """Delete what has ended and was published; its outcome stays, and recognises a repeat."""
        await self._pending.delete_many({"_id": {"$in": list(leak_ids)}})

    async def forget_outcomes(self, now: datetime) -> None:
        """Delete outcomes and tombstones whose time is over."""
        await self._outcomes.delete_many({"dies_at": {"$lt": now}})

    async def _find_pending(self, query: Document, fields: Document | None = None, at_most: int = 0) -> list[Pending]:
        return [_pending(document) async for document in self._pending.find(query, fields).limit(at_most)]

    def _over_the_limit(self, document: Document) -> Document:
        return self._outcome_document(over_the_limit(_outcome(document)))

    def _outcome_document(self, outcome: LeakOutcome) -> Document:
        document = {
            "_id": outcome.leak_id,
            "ending": outcome.ending,
            "at": outcome.at,
            "reason": outcome.reason,
            "sender_digest": outcome.sender_digest,
            "click": outcome.click,
            "stop": outcome.stop_digest,
            "dies_at": outcome.at + self._keep,
        }
        return {name: value for name, value in document.items() if value is not None}


async def _insert_within(
    collection: mongo.Collection,
    documents: list[Document],
    counted: Mapping[str, str],
    limit: int,
    beyond: Callable[[Document], Document],
) -> set[str]:
    """Insert what is new; of those `counted` under one key at most `limit`, the others as `beyond` makes them.

    The n-th under a key holds slot n, and slots are unique: replicas can't both take the last one. No limit when 0.
    Returns the `_id`s that were there already.
    """
    turns = _turns(documents, counted) if limit else {}
    there: set[str] = set()
    waiting = documents
    while waiting:
        for document in waiting:
            _take_slot(document, counted, turns, limit, beyond)
        refused = await mongo.insert_new(collection, waiting)
        there |= await _ids_in(collection, refused)
        waiting = [document for document in waiting if document["_id"] in (refused - there) & turns.keys()]
    return there


def _turns(documents: Sequence[Document], counted: Mapping[str, str]) -> dict[str, int]:
    seen: Counter[str] = Counter()
    turns = {}
    for leak_id in (document["_id"] for document in documents if document["_id"] in counted):
        turns[leak_id] = seen[counted[leak_id]]
        seen[counted[leak_id]] += 1
    return turns


def _take_slot(
    document: Document,
    counted: Mapping[str, str],
    turns: dict[str, int],
    limit: int,
    beyond: Callable[[Document], Document],
) -> None:
    turn = turns.get(document["_id"])
    if turn is None:
        return
    if turn < limit:
        document["slot"] = f"{counted[document['_id']]}/{turn}"
        turns[document["_id"]] = turn + 1
        return
    changed = beyond(document)
    document.clear()
    document.update(changed)
    del turns[document["_id"]]


async def _ids_in(collection: mongo.Collection, ids: Collection[str]) -> set[str]:
    if not ids:
        return set()
    return {document["_id"] async for document in collection.find({"_id": {"$in": list(ids)}}, {"_id": 1})}


def _without_challenge(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in {"slot", "challenge"}}


def _day(sender: AddressDigestText, moment: datetime) -> str:
    return f"{sender}/{moment:%Y-%m-%d}"


def _pending_document(pending: Pending) -> Document:
    document: Document = {
        "_id": pending.leak_id,
        "sender_digest": pending.sender_digest,
        "confirm": pending.confirm_digest,
        "stop": pending.stop_digest,
        "expires_at": pending.expires_at,
        "letter": pending.letter,
    }
    if pending.challenge is not None:
        # As text: a repeat publishes the same bytes, microseconds included.
        document["challenge"] = pending.challenge.model_dump_json()
    return document


def _pending(document: Document) -> Pending:
    challenge = document.get("challenge")
    return Pending(
        leak_id=document["_id"],
        sender_digest=document["sender_digest"],
        confirm_digest=document["confirm"],
        stop_digest=document["stop"],
        expires_at=document["expires_at"],
        letter=document.get("letter"),
        challenge=SenderChallenged.model_validate_json(challenge) if challenge else None,
    )


def _outcome(document: Document) -> LeakOutcome:
    return LeakOutcome(
        leak_id=document["_id"],
        ending=document["ending"],
        at=document["at"],
        reason=document.get("reason"),
        sender_digest=document.get("sender_digest"),
        click=document.get("click"),
        stop_digest=document.get("stop"),
    )
