"""Journals how mails end, then tells the others. What a crash leaves untold, a sweep tells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.mailer.domain import End, Ending, Job
from services.mailer.store.mails import Mails
from shared.runtime import metrics
from shared.runtime.batching import Batcher
from shared.runtime.clock import Clock
from shared.runtime.kafka import Publisher

SWEEP_AFTER: Final = timedelta(seconds=30)
SWEEP_AT_MOST: Final = 100


@dataclass
class News:
    """Ends that were journaled together, and whether the others know."""

    endings: Sequence[Ending]
    batch_id: str | None
    """In the store, until the ends are told; None when there is nothing to tell."""
    told: bool = False


class Teller:
    """Both steps are grouped: mails that end at the same time share their writes."""

    def __init__(self, mails: Mails, publisher: Publisher, clock: Clock) -> None:
        self._mails = mails
        self._publisher = publisher
        self._clock = clock
        self._journal: Batcher[tuple[Job, End], tuple[Ending, News]] = Batcher(self._journal_batch)
        self._telling: Batcher[News, None] = Batcher(self._tell_batch)

    async def journal(self, job: Job, end: End) -> News:
        """Durable when it returns. Of several ends of a mail the first one counts."""
        ending, news = await self._journal.do((job, end))
        metrics.MAILS.labels(job.what, ending.end).inc()
        return news

    async def journal_unsent(self, job: Job, end: End) -> News | None:
        """The same for a mail that was not tried; None when it does not stand as it was seen any more."""
        batch_id = await self._announce([job])
        ending = await self._mails.end_unsent(job, end, self._clock())
        if ending is None:
            if batch_id:
                await self._mails.told([batch_id])
            return None
        metrics.MAILS.labels(job.what, ending.end).inc()
        return News([ending], batch_id)

    async def tell(self, news: News) -> None:
        """Publish these ends, together with those that come at the same time."""
        await self._telling.do(news)

    async def tell_all(self, endings: Iterable[Ending]) -> None:
        """Publish ends as stored, again if need be."""
        await self._publisher.publish(*[event for one in endings if (event := one.event)])

    async def sweep(self) -> None:
        """Tell what a crash left."""
        batches = await self._mails.untold(self._clock() - SWEEP_AFTER, SWEEP_AT_MOST)
        if batches:
            ended = await self._mails.ended({id_ for ids in batches.values() for id_ in ids})
            await self.tell_all(ended.values())
            waiting = {batch_id: [id_ for id_ in ids if id_ not in ended] for batch_id, ids in batches.items()}
            await self._mails.told([batch_id for batch_id, ids in waiting.items() if not ids])
            for batch_id, ids in waiting.items():
                if 0 < len(ids) < len(batches[batch_id]):
                    await self._mails.told_but(batch_id, ids)

    async def _announce(self, jobs: Sequence[Job]) -> str | None:
        letters = [job.id for job in jobs if job.what == "letter"]
        return await self._mails.announce(letters, self._clock()) if letters else None

    async def _journal_batch(self, ends: Sequence[tuple[Job, End]]) -> list[tuple[Ending, News]]:
        batch_id = await self._announce([job for job, _ in ends])
        # One moment for all of them, so that those that ended alike are one write.
        at = self._clock()
        endings = await self._mails.end([Ending(job.id, job.what, end, at, job.report) for job, end in ends])
        news = News(endings, batch_id)
        return [(ending, news) for ending in endings]

    async def _tell_batch(self, asked: Sequence[News]) -> list[None]:
        # Each mail of a batch asks for it, and the first one that asks tells all.
        untold = {news.batch_id: news for news in asked if news.batch_id and not news.told}
        if untold:
            await self.tell_all(ending for news in untold.values() for ending in news.endings)
            for news in untold.values():
                news.told = True
            await self._mails.told([batch_id for batch_id in untold if batch_id])
        return [None] * len(asked)
