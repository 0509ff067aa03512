"""One attempt at one mail: from the lease to what the journal says of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from services.mailer import domain
from services.mailer.addresses import NotAnAddress
from services.mailer.domain import Done, Job, Mail, Retry
from services.mailer.gate import Gate, Verdict
from services.mailer.opening import Opening
from services.mailer.outbox import JournaledBatch, OutcomeOutbox
from services.mailer.store.mails import Mails
from services.mailer.store.recipients import Recipients
from services.mailer.transports import Transport
from shared.runtime import logs, metrics
from shared.runtime.clock import Clock
from shared.runtime.errors import is_transient
from shared.seals.errors import SealBroken

log = logs.get("mailer")

R = TypeVar("R")

STORE_AGAIN_S: Final = 1.0


@dataclass(frozen=True)
class Terms:
    """How long a mail is ours, how long it may be on the wire, and when it is tried again."""

    lease: timedelta
    exchange: timedelta
    retry_after_s: Sequence[int]


class Attempts:
    """Brings a mail that was taken one step further."""

    def __init__(
        self,
        mails: Mails,
        recipients: Recipients,
        *,
        gate: Gate,
        transport: Transport,
        opening: Opening,
        outbox: OutcomeOutbox,
        terms: Terms,
        clock: Clock,
    ) -> None:
        self._mails = mails
        self._recipients = recipients
        self._gate = gate
        self._transport = transport
        self._opening = opening
        self._outbox = outbox
        self._terms = terms
        self._clock = clock
        self._stopping = False

    def stop(self) -> None:
        """From now on give back what is not on the wire yet."""
        self._stopping = True

    async def make(self, seen: Job) -> JournaledBatch | None:
        """Send it, or end it without; what is to be published.

        Unreachable without a connection: nothing happened then.
        """
        if seen.cut_off:
            if not await self._mails.note_unknown(seen, self._clock()):
                return None
            metrics.MAILS_UNKNOWN.inc()
        if seen.halt == "stopped" and not seen.unknown:
            await self._mails.lay_down(seen, self._clock())
            return None
        outcome = domain.outcome_without_sending(seen, self._clock())
        return await (self._outbox.journal_unsent(seen, outcome) if outcome else self._over_the_wire(seen))

    async def _over_the_wire(self, seen: Job) -> JournaledBatch | None:
        # Held until the journal has the outcome: so a crash leaves at most one mail a connection unknown.
        async with self._transport.connection() as connection:
            if self._stopping:
                return None
            asked_at = self._clock()
            verdict, job = await self._gate.ask(seen)
            if verdict == "lost":
                return None
            step = self._retry(job, 0) if self._stopping else self._next_step(job, verdict, asked_at)
            if isinstance(step, Mail):
                answer = await connection.send(step)
                if isinstance(answer, domain.Unknown):
                    metrics.MAILS_UNKNOWN.inc()
                step = domain.after(answer, job, self._clock(), self._terms.retry_after_s)
            return await self._store(job, step)

    def _next_step(self, job: Job, verdict: Verdict, asked_at: datetime) -> Mail | Done | Retry:
        """The mail, ready and allowed to leave; or what becomes of it instead."""
        match verdict:
            case "blocked" | "limit":
                return Done(domain.delivered_if_unknown(verdict, job.unknown))
            case "unsure":
                return self._retry(job, domain.NOT_SENT_AGAIN_S)
            case "go" if self._clock() + self._terms.exchange < asked_at + self._terms.lease:
                return self._write(job)
        # Halted, or held up for so long that the lease might end on the wire: look again at once.
        return self._retry(job, 0)

    def _write(self, job: Job) -> Mail | Done | Retry:
        try:
            return self._opening.mail(job, self._clock())
        except NotAnAddress:
            return Done(domain.delivered_if_unknown("refused", job.unknown))
        except SealBroken:
            metrics.MAILS_UNREADABLE.inc()
            log.error("a mail does not open", mail_id=job.id)  # noqa: TRY400  # a trace may quote what is sealed
            return self._retry(job, domain.UNREADABLE_AGAIN_S)
        except Exception as error:  # noqa: BLE001  # nothing was handed over yet, so whatever it is, the mail waits
            log.warning("a mail was not prepared", error=error)
            return self._retry(job, domain.NOT_SENT_AGAIN_S)

    async def _store(self, job: Job, step: Done | Retry) -> JournaledBatch | None:
        """Journal what became of it. What happened on the wire is known here only, so we wait for the store."""
        if isinstance(step, Retry):
            metrics.MAILS_DEFERRED.inc()
            await _for_sure(lambda: self._mails.give_back(job, step, self._clock()))
            return None
        if step.suppress:
            await _for_sure(lambda: self._recipients.suppress(job.recipient_digests[:1], "no_mailbox", self._clock()))
        return await _for_sure(lambda: self._outbox.journal(job, step.outcome))

    def _retry(self, job: Job, after_s: float) -> Retry:
        return Retry(self._clock() + timedelta(seconds=after_s), job.tries, job.unknown)


async def _for_sure(write: Callable[[], Awaitable[R]]) -> R:
    while True:
        try:
            return await write()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("waiting", waiting_for="its database", error=error)
            await asyncio.sleep(STORE_AGAIN_S)
