"""When audit's documents die, and which orders keep one a little longer."""

from datetime import datetime, timedelta

from services.audit import domain
from services.audit.log import Log
from services.audit.store import Store
from shared.runtime import metrics
from shared.runtime.clock import Clock


class Retention:
    """The service's own sweep, on its own clock; the database's comes after it as a net."""

    def __init__(self, store: Store, audit_log: Log, clock: Clock, *, origin_days: int, hold_days: int) -> None:
        self._store = store
        self._log = audit_log
        self._clock = clock
        self._origin_days = origin_days
        self._hold = timedelta(days=hold_days)

    def ends(self, own_time: datetime) -> datetime:
        """When something of that time dies."""
        return own_time + timedelta(days=self._origin_days)

    async def apply_holds(self) -> None:
        """Hold what orders that have not ended are about; give everything else back to its own time."""
        orders = domain.orders(await self._log.read()).values()
        live = domain.live(orders, self._clock(), self._hold)
        for leak_id, until in live.items():
            await self._store.hold(leak_id, until)
        for leak_id in await self._store.held() - set(live):
            await self._store.release(leak_id, self._origin_days)

    async def sweep(self) -> None:
        """Holds first, so that nothing held is swept."""
        await self.apply_holds()
        metrics.EXPIRED.inc(await self._store.delete_expired(self._clock()))
