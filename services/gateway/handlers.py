"""Kafka in: what the other services say of a leak becomes what its sender may see."""

from collections.abc import Mapping, Sequence

from services.gateway.domain import Confirmed, Decided, OverLimit, Submitted, Withdrawn
from services.gateway.store import LeakEvents
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakStopped
from shared.events.leaks import LeakConfirmed, LeakSubmitted, LeakWithdrawn

# A limit is told: only a click reaches it, so only the holder of the address is told.
WITHDRAWALS: Mapping[str, type[Withdrawn | OverLimit]] = {"cancelled": Withdrawn, "sender_limit": OverLimit}


class Handlers:
    """One method an event; each stores a batch in one write."""

    def __init__(self, store: LeakEvents) -> None:
        self._store = store

    async def on_leak_submitted(self, events: Sequence[LeakSubmitted]) -> None:
        """It waits for its sender's click."""
        await self._store.add([(event, Submitted(event.submitted_at, event.confirm_before)) for event in events])

    async def on_leak_confirmed(self, events: Sequence[LeakConfirmed]) -> None:
        """It is with moderation."""
        await self._store.add([(event, Confirmed(event.confirmed_at)) for event in events])

    async def on_leak_withdrawn(self, events: Sequence[LeakWithdrawn]) -> None:
        """That an address is stopped is not kept: whoever typed it would learn that its holder refused."""
        shown = [event for event in events if event.reason in WITHDRAWALS]
        await self._store.add([(event, WITHDRAWALS[event.reason](event.withdrawn_at)) for event in shown])

    async def on_leak_decided(self, events: Sequence[LeakDecided]) -> None:
        """Moderation's decision. The sealed note is stored for the receipt that opens it."""
        await self._store.add(
            [
                (event, Decided(event.decided_at, event.revision, event.outcome, event.deliver_at, event.sealed_note))
                for event in events
            ]
        )

    async def on_leak_stopped(self, events: Sequence[LeakStopped]) -> None:
        """A cancel that came in time."""
        await self._store.add([(event, Withdrawn(event.stopped_at)) for event in events])
