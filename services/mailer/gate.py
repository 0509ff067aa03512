"""The last questions before a mail leaves, for all mails in flight at once: is it ours, wanted, and not too much."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.mailer.domain import Job
from services.mailer.store.mails import Mails
from services.mailer.store.recipients import Recipients
from services.mailer.store.shapes import utc_day
from shared.runtime import logs
from shared.runtime.batching import Batcher
from shared.runtime.clock import Clock

log = logs.get("mailer")

Verdict = Literal["go", "blocked", "limit", "halted", "unsure", "lost"]
"""`lost`: another replica has the mail. `halted`: a word came that it must not go. `unsure`: nobody could say now."""


@dataclass(frozen=True)
class Limits:
    """Mails a day; 0 is no limit."""

    recipient: int
    domain: int


class Gate:
    """Asked by each mail once it has a connection, so that nothing but the sending comes after the answer."""

    def __init__(
        self,
        mails: Mails,
        recipients: Recipients,
        *,
        blocks_read: Callable[[], Awaitable[None]],
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._mails = mails
        self._recipients = recipients
        self._blocks_read = blocks_read
        self._limits = limits
        self._clock = clock
        self._questions: Batcher[Job, tuple[Verdict, Job]] = Batcher(self._judge)

    async def ask(self, seen: Job) -> tuple[Verdict, Job]:
        """Whether this mail may leave now, and how it stands. Its attempt has begun, unless it is lost."""
        return await self._questions.do(seen)

    async def _judge(self, seen: Sequence[Job]) -> list[tuple[Verdict, Job]]:
        now = self._clock()
        day = utc_day(now)
        ours = await self._mails.begin([job.id for job in seen], now)
        try:
            verdicts = await self._verdicts(list(ours.values()), day)
            ours = {id_: replace(job, counted=day) for id_, job in ours.items()}
        except Exception as error:  # noqa: BLE001  # their attempts have begun, so each must be ended
            log.warning("a mail was not prepared", error=error)
            verdicts = dict.fromkeys(ours, "unsure")
        return [(verdicts[job.id], ours[job.id]) if job.id in ours else ("lost", job) for job in seen]

    async def _verdicts(self, jobs: Sequence[Job], day: str) -> dict[str, Verdict]:
        over = await self._over_the_limit([job for job in jobs if not job.halt], day)
        # Read last, and up to the end of the topic as of now: a block wins over everything (I8).
        await self._blocks_read()
        suppressed = await self._recipients.suppressed({job.address for job in jobs})

        def verdict(job: Job) -> Verdict:
            if job.halt:
                return "halted"
            if job.address in suppressed:
                return "blocked"
            return "limit" if job.id in over else "go"

        return {job.id: verdict(job) for job in jobs}

    async def _over_the_limit(self, jobs: Sequence[Job], day: str) -> set[str]:
        """Leaks beyond a limit. Counted once a mail and day: an attempt repeated today is not another mail."""
        new = [job for job in jobs if job.what == "letter" and job.counted != day]
        over = await self._beyond(self._limits.recipient, {job.id: job.address for job in new}, day)
        within = {job.id: job.domain for job in new if job.id not in over}
        return over | await self._beyond(self._limits.domain, within, day)

    async def _beyond(self, limit: int, digests: dict[str, str], day: str) -> set[str]:
        if not limit or not digests:
            return set()
        tallies = await self._recipients.count(list(digests.values()), day, self._clock())
        beyond = set()
        for id_, digest in digests.items():
            if tallies[digest] > limit:
                # The tally counts all of this batch: the first ones to be refused bring it down to the limit.
                tallies[digest] -= 1
                beyond.add(id_)
        return beyond
