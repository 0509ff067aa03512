"""What recipients want, under keyed digests only: nobody's address is at rest here.

- links, by digest of a block token: whose address the mail went to. Made before the mail is sent.
- suppressions, by digest of an address: gets nothing any more. Kept for good.
- tallies, by day and digest: mails of that day.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from pymongo import UpdateOne

from shared.runtime import mongo
from shared.runtime.mongo import Database

STRANGER_KEPT: Final = timedelta(days=2)
"""How long a block by a token that we don't know is kept, in case its link is still to come."""
TALLY_KEPT: Final = timedelta(days=2)

Reason = Literal["blocked", "no_mailbox"]


class Recipients:
    """The collections `links`, `suppressions` and `tallies`."""

    def __init__(self, database: Database, *, keep_links: timedelta) -> None:
        self._links: mongo.Collection = database["links"]
        self._suppressions: mongo.Collection = database["suppressions"]
        self._tallies: mongo.Collection = database["tallies"]
        self._keep_links = keep_links

    async def create_indexes(self) -> None:
        """Idempotent."""
        for collection in (self._links, self._tallies):
            await collection.create_index("forget_at")

    async def add_links(self, addresses: Mapping[str, str], now: datetime) -> None:
        """Remember which address a block token stands for; a block that came first is applied."""
        documents = [
            {"_id": token, "address": address, "forget_at": now + self._keep_links}
            for token, address in addresses.items()
        ]
        known = await mongo.insert_new(self._links, documents)
        if known:
            found = self._links.find({"_id": {"$in": list(known)}, "address": None}, {"_id": 1})
            early = [one["_id"] async for one in found]
            for token in early:
                kept = {"$set": {"address": addresses[token], "forget_at": now + self._keep_links}}
                await self._links.update_one({"_id": token, "address": None}, kept)
            await self.suppress([addresses[token] for token in early], "blocked", now)

    async def block(self, tokens: Collection[str], now: datetime) -> None:
        """Suppress the addresses of these tokens; keep the tokens we don't know for a while."""
        strangers = [{"_id": token, "address": None, "forget_at": now + STRANGER_KEPT} for token in tokens]
        known = await mongo.insert_new(self._links, strangers)
        found = self._links.find({"_id": {"$in": list(known)}, "address": {"$ne": None}}, {"address": 1})
        await self.suppress([one["address"] async for one in found], "blocked", now)

    async def suppress(self, addresses: Collection[str], reason: Reason, now: datetime) -> None:
        """Nothing goes to these addresses any more."""
        documents = [{"_id": address, "reason": reason, "since": now} for address in sorted(set(addresses))]
        await mongo.insert_new(self._suppressions, documents)

    async def suppressed(self, addresses: Collection[str]) -> set[str]:
        """Those of `addresses` that get nothing any more."""
        found = self._suppressions.find({"_id": {"$in": list(addresses)}}, {"_id": 1})
        return {one["_id"] async for one in found}

    async def count(self, digests: Sequence[str], day: str, now: datetime) -> dict[str, int]:
        """Count one mail for each entry of `digests`; the day's tally of each, these included.

        Two replicas that count at once may each see the other's mail: a limit may refuse one early, never one too late.
        """
        more = Counter(digests)
        await self._tallies.bulk_write(
            [
                UpdateOne(
                    {"_id": f"{day}/{digest}"},
                    {"$inc": {"mails": number}, "$set": {"forget_at": now + TALLY_KEPT}},
                    upsert=True,
                )
                for digest, number in more.items()
            ],
            ordered=False,
        )
        found = self._tallies.find({"_id": {"$in": [f"{day}/{digest}" for digest in more]}})
        return {one["_id"].removeprefix(f"{day}/"): one["mails"] async for one in found}

    async def forget(self, now: datetime) -> None:
        """Delete links and tallies whose time is over."""
        for collection in (self._links, self._tallies):
            await collection.delete_many({"forget_at": {"$lt": now}})
