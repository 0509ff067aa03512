"""The last questions before a mail leaves, for all mails in flight at once: is it ours, wanted, and not too much."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.mailer.addresses import look_up_digests
from services.mailer.domain import Job
from services.mailer.opening import Opening
from services.mailer.store.mails import Mails
from services.mailer.store.recipients import Recipients
from services.mailer.store.shapes import utc_day
from shared.address_digests import AddressDigests
from shared.events.values import AddressDigestText
from shared.runtime import logs
from shared.runtime.batching import Batcher
from shared.runtime.clock import Clock
from shared.seals.errors import SealBroken

log = logs.get("mailer")

Verdict = Literal["go", "blocked", "limit", "halted", "unsure", "lost"]
"""`lost`: another replica has the mail. `halted`: an event came that it must not go. `unsure`: nobody could say now."""


@dataclass(frozen=True)
class DailyLimits:
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
        opening: Opening,
        digests: AddressDigests,
        blocks_read: Callable[[], Awaitable[None]],
        limits: DailyLimits,
        clock: Clock,
    ) -> None:
        self._mails = mails
        self._recipients = recipients
        self._opening = opening
        self._digests = digests
        self._blocks_read = blocks_read
        self._limits = limits
        self._clock = clock
        self._questions: Batcher[Job, tuple[Verdict, Job]] = Batcher(self._judge)

    async def ask(self, seen: Job) -> tuple[Verdict, Job]:
        """Whether this mail may leave now, and how it stands. Its attempt has begun, unless it is lost."""
        return await self._questions.do(seen)

    async def _judge(self, seen: Sequence[Job]) -> list[tuple[Verdict, Job]]:
        now = self._clock()
        ours = await self._mails.begin([job.id for job in seen], now)
        try:
            verdicts = await self._verdicts([self._as_of(now, job) for job in ours.values()], utc_day(now))
            ours = {id_: replace(job, counted=utc_day(now)) for id_, job in ours.items()}
        except Exception as error:  # noqa: BLE001  # their attempts have begun, so each must be ended
            log.warning("a mail was not prepared", error=error)
            verdicts = dict.fromkeys(ours, "unsure")
        return [(verdicts[job.id], ours[job.id]) if job.id in ours else ("lost", job) for job in seen]

    def _as_of(self, now: datetime, job: Job) -> Job:
        """With the digests of now before those of then: a block counts whatever key it was made under.

        Because another mail's block token may carry a digest under a key or a table that is younger than this mail.
        """
        if job.halt:
            return job
        try:
            address = self._opening.address(job)
        except SealBroken:
            # It can't be sent either; those of then still find its block.
            return job
        known = look_up_digests(self._digests, address, now)
        then = [digest for digest in job.recipient_digests if digest not in known]
        return replace(job, recipient_digests=(*known, *then), domain_digest=self._digests.domain(address, now))

    async def _verdicts(self, jobs: Sequence[Job], day: str) -> dict[str, Verdict]:
        over = await self._over_the_limit([job for job in jobs if not job.halt], day)
        # Read last, and up to the end of the topic as of now: a block wins over everything (I8).
        await self._blocks_read()
        suppressed = await self._recipients.suppressed({digest for job in jobs for digest in job.recipient_digests})

        def verdict(job: Job) -> Verdict:
            if job.halt:
                return "halted"
            if not suppressed.isdisjoint(job.recipient_digests):
                return "blocked"
            return "limit" if job.id in over else "go"

        return {job.id: verdict(job) for job in jobs}

    async def _over_the_limit(self, jobs: Sequence[Job], day: str) -> set[str]:
        """Mails beyond a limit. Counted once a mail and day: an attempt repeated today is not another mail."""
        new = [job for job in jobs if job.counted != day]
        over = await self._beyond(self._limits.recipient, {job.id: job.recipient_digests[0] for job in new}, day)
        within = {job.id: job.domain_digest for job in new if job.id not in over}
        return over | await self._beyond(self._limits.domain, within, day)

    async def _beyond(self, limit: int, digests: dict[str, AddressDigestText], day: str) -> set[str]:
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
