"""When audit's documents die, and which orders keep one a little longer."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from services.audit import domain
from services.audit.log import Log
from services.audit.store.origins import OriginStore
from shared.runtime import metrics
from shared.runtime.clock import Clock

UNCONFIRMED_KEPT: Final = timedelta(hours=24)
"""How long an origin outlives the reading of its leak's end, when nobody confirmed it: nobody received anything."""
MARK_KEPT: Final = timedelta(days=30)
"""How long it is remembered that a leak ended unconfirmed: an origin read later must find it, be it a dead letter's."""


class Retention:
    """The service's own sweep, on its own clock; the database's comes after it as a net."""

    def __init__(
        self, store: OriginStore, audit_log: Log, clock: Clock, *, origins_kept: timedelta, held_for: timedelta
    ) -> None:
        self._store = store
        self._log = audit_log
        self._clock = clock
        self._origins_kept = origins_kept
        self._held_for = held_for

    def ends(self, own_time: datetime) -> datetime:
        """When something of that time dies."""
        return own_time + self._origins_kept

    def mark_ends(self, read_at: datetime) -> datetime:
        """When it may be forgotten that a leak ended unconfirmed."""
        return read_at + MARK_KEPT

    async def end_unconfirmed(self, leak_ids: Collection[str]) -> None:
        """Bring forward the end of those of these leaks' origins that are known to have ended unconfirmed.

        To be called after an origin or such an end was stored: whichever comes second finds the first.
        """
        read_at = await self._store.ended_unconfirmed(leak_ids)
        # A confirmation outweighs an end: what moderation read may have been delivered.
        confirmed = await self._store.confirmed(read_at) if read_at else set()
        await self._store.end_by(
            {leak_id: read + UNCONFIRMED_KEPT for leak_id, read in read_at.items() if leak_id not in confirmed}
        )

    async def keep_confirmed(self, leak_ids: Collection[str]) -> None:
        """Undo `end_unconfirmed` for those of these leaks whose confirmation was read after their end."""
        for leak_id in await self._store.ended_unconfirmed(leak_ids):
            await self._store.end_after(leak_id, self._origins_kept)

    async def apply_holds(self) -> None:
        """Hold what orders that have not ended are about; give everything else back to its own time."""
        orders = domain.orders(await self._log.read()).values()
        holds = domain.holds(orders, self._clock(), self._held_for)
        for leak_id, until in holds.items():
            await self._store.hold(leak_id, until)
        for leak_id in await self._store.held() - set(holds):
            await self._store.release(leak_id)

    async def sweep(self) -> None:
        """Holds first, so that nothing held is swept."""
        await self.apply_holds()
        metrics.EXPIRED.inc(await self._store.delete_expired(self._clock()))
