"""What happens by itself: decisions that a crash left are published, and words are erased when their time is over."""

from datetime import timedelta

from services.moderation import domain
from services.moderation.parts import Parts
from services.moderation.statements import empty_note
from shared.runtime import metrics


class Sweeper:
    """Run every few seconds, in each replica: all of it may run twice."""

    def __init__(self, parts: Parts, readable: timedelta) -> None:
        self._store = parts.store
        self._outbox = parts.outbox
        self._clock = parts.clock
        self._readable = readable

    async def publish_what_was_left(self) -> None:
        """Decisions whose process died, or whose Kafka was away, between write and publication."""
        await self._outbox.sweep()

    async def count(self) -> None:
        """How much waits for people, and since when."""
        now = self._clock()
        backlog = await self._store.cases.backlog(now)
        metrics.CASES_WAITING.set(backlog.waiting)
        metrics.CASES_OLDEST_SECONDS.set((now - backlog.oldest).total_seconds() if backlog.oldest else 0)

    async def erase(self) -> None:
        """Words whose appeal window is over, then records that nobody may ask about any more."""
        now = self._clock()
        for case in await self._store.cases.lapsed(now - self._readable):
            # Nobody decided it while it could be read: it is never sent, and its sender sees that it ended.
            if case.receipt_key is None:
                continue
            after, event = domain.withdrawn(case, now, empty_note(case.receipt_key, case.leak_id))
            if await self._store.cases.withdraw(after, self._outbox.entries(event)):
                await self._outbox.flush(case.leak_id)
        await self._store.cases.erase(now - self._readable)
        await self._store.reports.erase(now - self._readable)
        await self._store.forget(now)
