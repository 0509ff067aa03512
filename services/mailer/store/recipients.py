"""What recipients want, under keyed digests only: nobody's address is at rest here.

- suppressions, by digest of an address: gets nothing any more. Kept for good, under the key and table of its time.
- tallies, by day and digest: mails of that day.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from pymongo import UpdateOne

from shared.events.values import AddressDigestText
from shared.runtime import mongo
from shared.runtime.mongo import Database

TALLY_KEPT: Final = timedelta(days=2)

Reason = Literal["blocked", "no_mailbox"]


class Recipients:
    """The collections `suppressions` and `tallies`."""

    def __init__(self, database: Database) -> None:
        self._suppressions: mongo.Collection = database["suppressions"]
        self._tallies: mongo.Collection = database["tallies"]

    async def create_indexes(self) -> None:
        """Idempotent."""
        await self._tallies.create_index("forget_at")

    async def suppress(self, digests: Collection[AddressDigestText], reason: Reason, now: datetime) -> None:
        """Nothing goes to these addresses any more."""
        documents = [{"_id": digest, "reason": reason, "since": now} for digest in sorted(set(digests))]
        await mongo.insert_new(self._suppressions, documents)

    async def suppressed(self, digests: Collection[AddressDigestText]) -> set[AddressDigestText]:
        """Those of `digests` that get nothing any more."""
        found = self._suppressions.find({"_id": {"$in": list(digests)}}, {"_id": 1})
        return {one["_id"] async for one in found}

    async def count(self, digests: Sequence[AddressDigestText], day: str, now: datetime) -> dict[str, int]:
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
        """Delete tallies whose time is over."""
        await self._tallies.delete_many({"forget_at": {"$lt": now}})
