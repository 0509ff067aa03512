"""Kafka in. Each handler stores what counts, then publishes it: on a repeat too, what was stored first."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from services.moderation import domain
from services.moderation.domain import Outcome
from services.moderation.parts import Parts
from services.moderation.statements import Recipe
from shared.events.deliveries import LeakDelivered
from shared.events.leaks import LeakCancelled, LeakConfirmed
from shared.events.recipients import LeakReported
from shared.runtime import metrics
from shared.runtime.errors import Transient


class Handlers:
    """One method an event; each takes a batch."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._publisher = parts.publisher

    async def on_leak_confirmed(self, events: Sequence[LeakConfirmed]) -> None:
        """Judge each leak, once: a repeat is told what was decided first, under whatever rules."""
        fresh = {event.leak_id: event for event in events}
        # In a thread, so that the console and Kafka's heartbeats go on meanwhile.
        judged = await asyncio.to_thread(self._judged, list(fresh.values()))
        outcomes = await self._store.outcomes.settle(judged)
        kept = [event for event in fresh.values() if outcomes[event.leak_id].ending in {"held", "rejected"}]
        await self._store.cases.open([self._parts.names.case(outcomes[event.leak_id], event) for event in kept])
        await self._publisher.publish(*(domain.announced(outcomes[event.leak_id], event) for event in fresh.values()))
        for outcome in outcomes.values():
            metrics.DECIDED.labels(outcome.ending, "rules").inc()

    async def on_leak_cancelled(self, events: Sequence[LeakCancelled]) -> None:
        """Withdraw what is held; leave a tombstone for what has not come; what was approved is the mailer's by now."""
        early = (domain.withdrawn_before_it_came(event.leak_id, self._parts.clock()) for event in events)
        outcomes = await self._store.outcomes.settle(early)
        for outcome in outcomes.values():
            if outcome.ending == "held":
                await self._withdraw(outcome.leak_id)

    async def on_leak_delivered(self, events: Sequence[LeakDelivered]) -> None:
        """Remember whose mail bears which token; a report of it may be here already."""
        await self._store.reports.add_sent(events)
        leaks = {event.report_token_digest: event.leak_id for event in events}
        early = await self._store.reports.early(list(leaks))
        await self._join({digest: leaks[digest] for digest in early})

    async def on_leak_reported(self, events: Sequence[LeakReported]) -> None:
        """Open what a recipient says to the moderators, or keep it until its mail is known."""
        await self._store.reports.add({self._parts.names.report_id(event.event_id): event for event in events})
        await self._join(await self._store.reports.sent([event.token_digest for event in events]))

    def _judged(self, events: Sequence[LeakConfirmed]) -> list[Outcome]:
        verdicts = self._parts.judge.judge(events)
        now = self._parts.clock()
        return [
            self._reasoned(domain.judged(event, verdict, now, self._parts.delay_s()), event)
            for event, verdict in zip(events, verdicts, strict=True)
        ]

    def _reasoned(self, outcome: Outcome, event: LeakConfirmed) -> Outcome:
        if outcome.ending != "rejected" or outcome.policy is None:
            return outcome
        reasons = self._parts.statements.prefilled(outcome.policy, event.language)
        return replace(
            outcome,
            statement=self._parts.statements.sealed(
                Recipe(
                    event.leak_id,
                    event.receipt_key,
                    event.language,
                    outcome.policy,
                    reasons,
                    automated=True,
                )
            ),
        )

    async def _withdraw(self, leak_id: str) -> None:
        case = await self._store.cases.by_leak(leak_id)
        if case is None:
            # The other handler is between its two writes; next time the case is there.
            raise Transient("a held leak's case is still being written")
        if case.ending == "held":
            after, event = domain.withdrawn(case, self._parts.clock())
            if await self._store.cases.withdraw(after, outbox=[]):
                await self._publisher.publish(event)
        elif case.ending == "withdrawn":
            await self._publisher.publish(domain.told_again(case))

    async def _join(self, leaks: dict[str, str]) -> None:
        outcomes = await self._store.outcomes.find(sorted(set(leaks.values())))
        for digest, leak_id in leaks.items():
            known = outcomes.get(leak_id)
            await self._store.reports.join(digest, leak_id, known.recipient_pseudonym if known else None)
