"""Ends what nobody confirmed in time, and deletes what was kept for it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from services.verifier import domain
from services.verifier.store import Store
from shared.runtime.clock import Clock
from shared.runtime.kafka import Publisher

AT_ONCE = 500
IN_FLIGHT = timedelta(seconds=60)
"""How long after a click's own time its record may still be on its way into Kafka."""


class Expiry:
    """The sweep; any number of replicas may run it at once, for the first outcome counts."""

    def __init__(
        self, store: Store, publisher: Publisher, clicks_are_read: Callable[[], Awaitable[None]], clock: Clock
    ) -> None:
        """`clicks_are_read` returns once every click now in its topic was handled, and raises while they are not."""
        self._store = store
        self._publisher = publisher
        self._clicks_are_read = clicks_are_read
        self._clock = clock

    async def sweep(self) -> None:
        """Expire what is overdue. A click before its end counts, however late we read it: so clicks are read first."""
        now = self._clock()
        await self._clicks_are_read()
        while await self._expire_some(now - IN_FLIGHT):
            pass
        await self._store.forget_outcomes(now)

    async def _expire_some(self, before: datetime) -> bool:
        overdue = await self._store.overdue(before, AT_ONCE)
        known = await self._store.outcomes([one.leak_id for one in overdue])
        settled = known | await self._store.settle(domain.expired(one) for one in overdue if one.leak_id not in known)
        # Published again even when stored before: a sweep may have died here. Handlers publish the other ends.
        expired = [outcome for outcome in settled.values() if outcome.ending == "expired"]
        await self._publisher.publish(*filter(None, (domain.event_of(outcome, None) for outcome in expired)))
        await self._store.forget_pending(settled)
        return bool(overdue)
