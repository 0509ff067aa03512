"""Every query, index and document shape of moderation, one file a collection."""

from datetime import datetime, timedelta

from services.moderation.store.account_log import AccountLog
from services.moderation.store.cases import Cases
from services.moderation.store.outcomes import Outcomes
from services.moderation.store.reports import Reports
from shared.runtime.mongo import Database


class Store:
    """Moderation's collections."""

    def __init__(self, database: Database, *, record: timedelta) -> None:
        self.outcomes = Outcomes(database)
        self.cases = Cases(database)
        self.reports = Reports(database)
        self.account_log = AccountLog(database)
        self._record = record

    async def create_indexes(self) -> None:
        """Idempotent."""
        await self.outcomes.create_indexes()
        await self.cases.create_indexes()
        await self.reports.create_indexes()
        await self.account_log.create_indexes()

    async def forget(self, now: datetime) -> None:
        """Delete what was decided so long ago that nobody may ask about it any more."""
        before = now - self._record
        await self.outcomes.forget(before)
        await self.cases.forget(before)
        await self.reports.forget(before)
        await self.account_log.forget(before)
