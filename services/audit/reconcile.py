"""Every delivered leak has an origin (I1). One that has none is an alarm, within a minute."""

from collections.abc import Sequence
from datetime import timedelta

from services.audit.retention import Retention
from services.audit.store.origins import OriginStore
from services.audit.store.values import UnexplainedDelivery
from shared.events.deliveries import LeakDelivered
from shared.runtime import logs, metrics
from shared.runtime.clock import Clock

log = logs.get("audit")

GRACE = timedelta(seconds=30)
"""Deliveries and origins are read from two topics, so an origin may be seen a little after its delivery."""
DEGRADED = "a delivered leak has no origin"


class Reconciler:
    """Looks when a delivery is read, and again until its origin is there."""

    def __init__(self, store: OriginStore, retention: Retention, clock: Clock, degraded: set[str]) -> None:
        self._store = store
        self._retention = retention
        self._clock = clock
        self._degraded = degraded
        self._logged: set[str] = set()

    async def note(self, delivered: Sequence[LeakDelivered]) -> None:
        """Remember which of these deliveries have no origin yet."""
        missing = await self._store.without_origin(event.leak_id for event in delivered)
        now = self._clock()
        await self._store.add_unexplained(
            [
                UnexplainedDelivery(event.leak_id, event.delivered_at, now, self._retention.ends(event.delivered_at))
                for event in delivered
                if event.leak_id in missing
            ]
        )

    async def look(self) -> None:
        """Forget those whose origin came; the others are an alarm: metric, log and health."""
        seen_at = {one.leak_id: one.seen_at for one in await self._store.unexplained()}
        missing = await self._store.without_origin(seen_at)
        await self._store.explained(set(seen_at) - missing)
        late = {leak_id for leak_id in missing if self._clock() - seen_at[leak_id] >= GRACE}
        metrics.WITHOUT_ORIGIN.set(len(late))
        for leak_id in sorted(late - self._logged):
            log.error("a delivered leak has no origin", leak_id=leak_id)
        self._logged = late
        (self._degraded.add if late else self._degraded.discard)(DEGRADED)
