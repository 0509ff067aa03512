"""What a moderator does with a case. Each act is one write under the claim, its event in it, then published."""

from dataclasses import dataclass, replace
from datetime import timedelta

from services.moderation import domain
from services.moderation.domain import Case, Lease, TooLate
from services.moderation.parts import Parts
from services.moderation.policy.catalogue import Policy
from services.moderation.statements import Recipe
from shared.events.decisions import ThreatEscalated
from shared.events.event import Event
from shared.runtime import logs, metrics
from shared.runtime.clock import to_the_millisecond
from shared.runtime.errors import is_transient

log = logs.get("moderation.desk")


@dataclass(frozen=True)
class Claim:
    """Who acts on which case, under which claim."""

    case_id: str
    name: str
    fence: int


@dataclass(frozen=True)
class History:
    """Earlier leaks to the same recipient, as counts: enough to see a pattern, not enough to find a person."""

    held: int
    rejected: int
    reported: int


class Desk:
    """Claim, read, decide, escalate, give back. Raises domain.Refused for what can't be done any more."""

    def __init__(self, parts: Parts, lease: timedelta) -> None:
        self._parts = parts
        self._store = parts.store
        self._clock = parts.clock
        self._lease = lease

    async def take_next(self, name: str) -> Case | None:
        """What this person holds already, else the most urgent free case; None when nothing is free."""
        now = self._clock()
        if mine := await self._store.cases.held_by(name, now):
            return mine
        for case in await self._store.cases.queue(now):
            if taken := await self._store.cases.claim(case.case_id, name, now, now + self._lease):
                return taken
        return None

    async def take(self, case_id: str, name: str) -> Case:
        """This case. TooLate when somebody else holds it or it is decided."""
        now = self._clock()
        taken = await self._store.cases.claim(case_id, name, now, now + self._lease)
        if taken is None:
            raise TooLate
        return taken

    async def read(self, case: Case) -> str:
        """The words of a case that the reader holds; from now on this claim may approve them."""
        if case.letter is None or not await self._store.cases.mark_read(case.case_id, _lease_of(case), self._clock()):
            raise TooLate
        return self._parts.judge.message(case.letter)

    async def keep(self, claim: Claim) -> None:
        """A sign of life: the claim goes on."""
        case, now = await self._claimed(claim), self._clock()
        if not await self._store.cases.renew(case.case_id, _lease_of(case), now, now + self._lease):
            raise TooLate

    async def give_back(self, claim: Claim) -> None:
        """For somebody else to take. Nothing happens when the claim had ended."""
        case = await self._store.cases.by_case_id(claim.case_id)
        if case and case.lease and case.lease.holds(claim.name, claim.fence, self._clock()):
            await self._store.cases.release(case.case_id, case.lease, self._clock())

    async def approve(self, claim: Claim) -> None:
        """Send the leak, after the random delay. Unread when its words were not shown under this claim."""
        case = await self._claimed(claim)
        after, event = domain.approved(case, claim.name, self._clock(), self._parts.delay_s())
        await self._settle(case, after, event)

    async def reject(self, claim: Claim, policy: Policy | None, statement: str) -> None:
        """Refuse the leak; the sender can read why with the receipt."""
        if policy is None:
            raise domain.PolicyMissing
        reasons = domain.checked_reasons(statement)
        case = await self._claimed(claim)
        if case.letter is None or case.receipt_key is None:
            raise TooLate
        sealed = self._parts.statements.sealed(
            Recipe(
                case.leak_id,
                case.receipt_key,
                case.letter.language,
                policy.id,
                reasons,
                automated=False,
            )
        )
        after, event = domain.rejected(case, claim.name, self._clock(), policy.id, sealed)
        await self._settle(case, after, event)

    async def escalate(self, claim: Claim, policy: Policy | None) -> None:
        """Tell audit of a threat to life, once; the leak stays held, and can only be rejected from now on."""
        case = await self._claimed(claim)
        if policy is None:
            raise domain.PolicyMissing
        if case.letter is None:
            raise TooLate
        if case.escalated_at is None:
            now = to_the_millisecond(self._clock())
            message = self._parts.sealer.seal("threat", case.leak_id, self._parts.judge.message(case.letter).encode())
            event = ThreatEscalated(leak_id=case.leak_id, escalated_at=now, policy=policy.id, message=message)
            await self._settle(case, replace(case, escalated_at=now), event)

    async def history(self, case: Case) -> History:
        """What happened to earlier leaks to this recipient."""
        cases, whom = self._store.cases, case.recipient_pseudonym
        return History(
            held=await cases.count_earlier(whom, "held", but=case.leak_id),
            rejected=await cases.count_earlier(whom, "rejected", but=case.leak_id),
            reported=await self._store.reports.count_about(whom),
        )

    async def _claimed(self, claim: Claim) -> Case:
        case = await self._store.cases.by_case_id(claim.case_id)
        now = self._clock()
        if case is None or case.ending != "held" or case.lease is None:
            raise TooLate
        if not case.lease.holds(claim.name, claim.fence, now):
            raise TooLate
        return case

    async def _settle(self, before: Case, after: Case, event: Event) -> None:
        # The claim is looked at again in the write itself: it may have ended since it was read.
        entries = self._parts.outbox.entries(event)
        if not await self._store.cases.settle(after, entries, _lease_of(before), self._clock()):
            raise TooLate
        if after.ending != before.ending:
            metrics.DECIDED.labels(after.ending, "person").inc()
        try:
            await self._parts.outbox.flush(before.leak_id)
        except Exception as error:
            if not is_transient(error):
                raise
            # Decided and written: the sweeper publishes it when Kafka is back.
            log.warning("a decision waits for Kafka", case_id=before.case_id, error=error)


def _lease_of(case: Case) -> Lease:
    if case.lease is None:
        raise TooLate
    return case.lease
