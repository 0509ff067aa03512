"""`account_log`: changes of accounts, sign-ins, failed ones and sign-outs, kept as long as what was decided."""

from dataclasses import asdict
from datetime import datetime

from shared.console.account_log import AccountEntry
from shared.runtime.mongo import Collection, Database


class AccountLog:
    """Insert and forget, nothing else."""

    def __init__(self, database: Database) -> None:
        self._entries: Collection = database["account_log"]

    async def create_indexes(self) -> None:
        """Idempotent."""
        await self._entries.create_index("at")

    async def add(self, entry: AccountEntry) -> None:
        """Durable when it returns."""
        await self._entries.insert_one(asdict(entry))

    async def forget(self, before: datetime) -> None:
        """Delete what is older."""
        await self._entries.delete_many({"at": {"$lt": before}})
