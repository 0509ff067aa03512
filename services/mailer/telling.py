"""Journals how mails end, then tells the others. What a crash leaves untold, a sweep tells."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from services.mailer.domain import End, Ending, Job
from services.mailer.rounds import Rounds
from services.mailer.store.mails import Mails
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.runtime.kafka import Publisher

SWEEP_AFTER: Final = timedelta(seconds=30)
SWEEP_AT_MOST: Final = 500


class Teller:
    """Both steps are grouped: mails that end at the same time share their writes."""

    def __init__(self, mails: Mails, publisher: Publisher, clock: Clock) -> None:
        self._mails = mails
        self._publisher = publisher
        self._clock = clock
        self._journal: Rounds[tuple[Job, End], Ending] = Rounds(self._journal_round)
        self._news: Rounds[Ending, None] = Rounds(self._tell_round)

    async def journal(self, job: Job, end: End) -> Ending:
        """Durable when it returns; the end that counts, which is the first one."""
        ending = await self._journal.do((job, end))
        metrics.MAILS.labels(job.what, ending.end).inc()
        return ending

    async def tell(self, ending: Ending) -> None:
        """Publish one end, together with those that come at the same time."""
        if ending.what == "letter":
            await self._news.do(ending)

    async def tell_all(self, endings: Iterable[Ending]) -> None:
        """Publish ends as stored, again if need be, and mark them."""
        events = {one.id: event for one in endings if (event := one.event)}
        if events:
            await self._publisher.publish(*events.values())
            await self._mails.told(events)

    async def sweep(self) -> None:
        """Tell what a crash left."""
        await self.tell_all(await self._mails.untold(self._clock() - SWEEP_AFTER, SWEEP_AT_MOST))

    async def _journal_round(self, ends: Sequence[tuple[Job, End]]) -> list[Ending]:
        # One moment for all of them, so that those that ended alike are one write.
        at = self._clock()
        return await self._mails.end([Ending(job.id, job.what, end, at, job.report) for job, end in ends])

    async def _tell_round(self, endings: Sequence[Ending]) -> list[None]:
        await self.tell_all(endings)
        return [None] * len(endings)
