"""Journals how mails end, then publishes it. What a crash leaves unpublished, a sweep publishes."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.mailer.domain import Job, MailOutcome, Outcome
from services.mailer.store.mails import Mails
from services.mailer.store.outbox import Entries
from shared.runtime import metrics
from shared.runtime.batching import Batcher
from shared.runtime.clock import Clock

SWEEP_AFTER: Final = timedelta(seconds=30)
SWEEP_AT_MOST: Final = 100

Publish = Callable[[Collection[MailOutcome]], Awaitable[None]]


@dataclass(frozen=True)
class Publication:
    """How outcomes are published, and which still are to be."""

    entries: Entries
    publish: Publish


@dataclass
class JournaledBatch:
    """Outcomes that were journaled together, and whether they are published."""

    outcomes: Sequence[MailOutcome]
    entry_id: str | None
    """The outbox's, until they are published; None when there is nothing to publish."""
    published: bool = False


class OutcomeOutbox:
    """Both steps are grouped: mails that end at the same time share their writes.

    `role`: under which its metrics count. Without a publication outcomes are journaled and nothing more.
    """

    def __init__(self, mails: Mails, publication: Publication | None, *, role: str, clock: Clock) -> None:
        self._mails = mails
        self._publication = publication
        self._role = role
        self._clock = clock
        self._journaling: Batcher[tuple[Job, Outcome], tuple[MailOutcome, JournaledBatch]] = Batcher(
            self._journal_batch
        )
        self._publishing: Batcher[JournaledBatch, None] = Batcher(self._publish_batches)

    async def journal(self, job: Job, outcome: Outcome) -> JournaledBatch:
        """Durable when it returns. Of several outcomes of a mail the first one counts."""
        stored, batch = await self._journaling.do((job, outcome))
        metrics.MAILS.labels(self._role, stored.outcome).inc()
        return batch

    async def journal_unsent(self, job: Job, outcome: Outcome) -> JournaledBatch | None:
        """The same for a mail that was not tried; None when it does not stand as it was seen any more."""
        entry_id = await self._enter([job])
        stored = await self._mails.end_unsent(job, outcome, self._clock())
        if stored is None:
            if entry_id and self._publication:
                await self._publication.entries.remove([entry_id])
            return None
        metrics.MAILS.labels(self._role, stored.outcome).inc()
        return JournaledBatch([stored], entry_id)

    async def publish(self, batch: JournaledBatch) -> None:
        """Publish these outcomes, together with those that come at the same time."""
        await self._publishing.do(batch)

    async def publish_again(self, ids: Collection[str]) -> None:
        """Publish, as stored, how these mails ended, as far as they did."""
        if ids and self._publication:
            await self._publication.publish((await self._mails.outcomes(ids)).values())

    async def sweep(self) -> None:
        """Publish what a crash left."""
        if self._publication is None:
            return
        entries = await self._publication.entries.before(self._clock() - SWEEP_AFTER, SWEEP_AT_MOST)
        if not entries:
            return
        ended = await self._mails.outcomes({id_ for ids in entries.values() for id_ in ids})
        await self._publication.publish(ended.values())
        waiting = {entry_id: [id_ for id_ in ids if id_ not in ended] for entry_id, ids in entries.items()}
        await self._publication.entries.remove([entry_id for entry_id, ids in waiting.items() if not ids])
        for entry_id, ids in waiting.items():
            if 0 < len(ids) < len(entries[entry_id]):
                await self._publication.entries.narrow(entry_id, ids)

    async def forget(self) -> None:
        """Delete entries whose time is over."""
        if self._publication:
            await self._publication.entries.forget(self._clock())

    async def _enter(self, jobs: Sequence[Job]) -> str | None:
        if self._publication is None:
            return None
        return await self._publication.entries.add([job.id for job in jobs], self._clock())

    async def _journal_batch(self, ended: Sequence[tuple[Job, Outcome]]) -> list[tuple[MailOutcome, JournaledBatch]]:
        entry_id = await self._enter([job for job, _ in ended])
        # One moment for all of them, so that those that ended alike are one write.
        at = self._clock()
        outcomes = await self._mails.end(
            [MailOutcome(job.id, outcome, at, job.message_id_digest) for job, outcome in ended]
        )
        batch = JournaledBatch(outcomes, entry_id)
        return [(outcome, batch) for outcome in outcomes]

    async def _publish_batches(self, batches: Sequence[JournaledBatch]) -> list[None]:
        # Each mail of a batch asks for it, and the first one publishes all.
        unpublished = {batch.entry_id: batch for batch in batches if batch.entry_id and not batch.published}
        if unpublished and self._publication:
            await self._publication.publish([outcome for batch in unpublished.values() for outcome in batch.outcomes])
            for batch in unpublished.values():
                batch.published = True
            await self._publication.entries.remove([entry_id for entry_id in unpublished if entry_id])
        return [None] * len(batches)
