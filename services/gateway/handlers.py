"""Kafka in: what the other services say of a leak becomes what its sender may see."""

from collections.abc import Mapping, Sequence

from services.gateway.domain import Confirmed, Decided, OverLimit, Submitted, Withdrawn
from services.gateway.store import LeakEvents
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakSuppressed
from shared.events.leaks import LeakConfirmed, LeakSubmitted, LeakWithdrawn

# A limit is told: only a click reaches it, so only the holder of the address is told.
WITHDRAWALS: Mapping[str, type[Withdrawn | OverLimit]] = {"cancelled": Withdrawn, "sender_limit": OverLimit}


class Handlers:
    """One method an event; each keeps a batch in one write."""

    def __init__(self, kept: LeakEvents) -> None:
        self._kept = kept

    async def on_leak_submitted(self, events: Sequence[LeakSubmitted]) -> None:
        """It waits for its sender's click."""
        await self._kept.add([(event, Submitted(event.submitted_at, event.confirm_before)) for event in events])

    async def on_leak_confirmed(self, events: Sequence[LeakConfirmed]) -> None:
        """It is with moderation."""
        await self._kept.add([(event, Confirmed(event.confirmed_at)) for event in events])

    async def on_leak_withdrawn(self, events: Sequence[LeakWithdrawn]) -> None:
        """That an address is stopped is not kept: whoever typed it would learn that its holder refused."""
        told = [event for event in events if event.reason in WITHDRAWALS]
        await self._kept.add([(event, WITHDRAWALS[event.reason](event.withdrawn_at)) for event in told])

    async def on_leak_decided(self, events: Sequence[LeakDecided]) -> None:
        """Moderation's word. The sealed statement of reasons is kept for the receipt that opens it."""
        await self._kept.add(
            [
                (event, Decided(event.decided_at, event.revision, event.outcome, event.deliver_at, event.statement))
                for event in events
            ]
        )

    async def on_leak_suppressed(self, events: Sequence[LeakSuppressed]) -> None:
        """Only a cancel is kept: a block or a limit is never told."""
        cancelled = [event for event in events if event.reason == "withdrawn"]
        await self._kept.add([(event, Withdrawn(event.suppressed_at)) for event in cancelled])
