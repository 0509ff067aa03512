"""Journals how mails end, then tells the others. What a crash leaves untold, a sweep tells."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from services.mailer.domain import End, Ending, Job, event_of
from services.mailer.rounds import Rounds
from services.mailer.store.mails import Mails
from services.mailer.tokens import Tokens
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.runtime.kafka import Publisher

SWEEP_AFTER: Final = timedelta(seconds=30)
SWEEP_AT_MOST: Final = 500


class Teller:
    """Both steps are grouped: mails that end at the same time share their writes."""

    def __init__(self, mails: Mails, tokens: Tokens, publisher: Publisher, clock: Clock) -> None:
        self._mails = mails
        self._tokens = tokens
        self._publisher = publisher
        self._clock = clock
        self._journal: Rounds[Ending, Ending] = Rounds(mails.end)
        self._news: Rounds[Ending, None] = Rounds(self._tell_round)

    async def journal(self, job: Job, end: End) -> Ending:
        """Durable when it returns; the end that counts, which is the first one."""
        at = self._clock()
        event = event_of(job.id, end, at, self._tokens.report_digest(job.id)) if job.what == "letter" else None
        ending = await self._journal.do(Ending(job.id, end, at, event))
        metrics.MAILS.labels(job.what, ending.end).inc()
        return ending

    async def tell(self, ending: Ending) -> None:
        """Publish one end, together with those that come at the same time."""
        if ending.event is not None:
            await self._news.do(ending)

    async def tell_all(self, endings: Iterable[Ending]) -> None:
        """Publish ends as stored, again if need be, and mark them."""
        told = [one for one in endings if one.event is not None]
        if told:
            await self._publisher.publish(*(one.event for one in told if one.event is not None))
            await self._mails.told([one.id for one in told])

    async def sweep(self) -> None:
        """Tell what a crash left."""
        await self.tell_all(await self._mails.untold(self._clock() - SWEEP_AFTER, SWEEP_AT_MOST))

    async def _tell_round(self, endings: Sequence[Ending]) -> list[None]:
        await self.tell_all(endings)
        return [None] * len(endings)
