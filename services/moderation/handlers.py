"""Kafka in. Each handler stores what counts, then publishes it: for a repeat too, what was stored first."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from services.moderation import domain
from services.moderation.domain import FirstDecision
from services.moderation.parts import Parts
from services.moderation.statements import Recipe, empty_note
from services.moderation.store.reports import Report
from shared.events.leaks import LeakCancelled, LeakConfirmed
from shared.events.recipients import LeakReported
from shared.events.values import SealedToReceiptText
from shared.runtime import metrics
from shared.runtime.errors import Transient
from shared.seals.errors import SealBroken


class Handlers:
    """One method an event; each takes a batch."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._publisher = parts.publisher

    async def on_leak_confirmed(self, events: Sequence[LeakConfirmed]) -> None:
        """Judge each leak, once: a repeat publishes what was decided first, under whatever rules."""
        fresh = {event.leak_id: event for event in events}
        # In a thread, so that the console and Kafka's heartbeats go on meanwhile.
        judged = await asyncio.to_thread(self._judged, list(fresh.values()))
        decisions = await self._store.outcomes.settle(judged)
        for decided in decisions.values():
            if decided.sealed_note is None:
                # The tombstone of an early cancel: only now is there a receipt's key to seal its note to.
                note = empty_note(fresh[decided.leak_id].receipt_key, decided.leak_id)
                decisions[decided.leak_id] = await self._store.outcomes.add_note(decided.leak_id, note)
        waiting = [event for event in fresh.values() if decisions[event.leak_id].ending in {"held", "rejected"}]
        await self._store.cases.open([self._parts.names.case(decisions[event.leak_id], event) for event in waiting])
        await self._publisher.publish(
            *(domain.decision_event(decisions[event.leak_id], event) for event in fresh.values())
        )
        for decided in decisions.values():
            metrics.DECIDED.labels(decided.ending, "rules").inc()

    async def on_leak_cancelled(self, events: Sequence[LeakCancelled]) -> None:
        """Withdraw what is held; leave a tombstone for what has not come; what was approved is the mailer's by now."""
        early = (domain.withdrawn_before_it_came(event.leak_id, self._parts.clock()) for event in events)
        outcomes = await self._store.outcomes.settle(early)
        for outcome in outcomes.values():
            if outcome.ending == "held":
                await self._withdraw(outcome.leak_id)

    async def on_leak_reported(self, events: Sequence[LeakReported]) -> None:
        """Open what a recipient says to the moderators; one report a mail, however often its link is used."""
        about: dict[str, LeakReported] = {}
        for event in events:
            try:
                about.setdefault(self._parts.report_links.leak_of(event), event)
            except SealBroken:
                # Anybody can send a text that has the form of a token: it concerns no leak, and is answered like any.
                metrics.STRANGE_TOKENS.labels("report").inc()
        known = await self._store.outcomes.find(sorted(about))
        await self._store.reports.add(
            [
                Report(
                    report_id=self._parts.names.report_id(leak_id, event.reported_at),
                    token_digest=event.token_digest,
                    reported_at=event.reported_at,
                    reason=event.reason,
                    sealed_details=event.sealed_details,
                    state="open",
                    leak_id=leak_id,
                    recipient_pseudonyms=known[leak_id].recipient_pseudonyms if leak_id in known else (),
                )
                for leak_id, event in about.items()
            ]
        )

    def _judged(self, events: Sequence[LeakConfirmed]) -> list[FirstDecision]:
        verdicts = self._parts.judge.judge(events)
        now = self._parts.clock()
        return [
            self._enclosed(
                domain.judged(event, self._parts.judge.pseudonyms(event), verdict, now, self._parts.delay_s()), event
            )
            for event, verdict in zip(events, verdicts, strict=True)
        ]

    def _enclosed(self, decided: FirstDecision, event: LeakConfirmed) -> FirstDecision:
        """With what it carries, sealed once: a repeat publishes the very same."""
        link = self._parts.report_links.sealed(event.leak_id, decided.decided_at)
        return replace(
            decided,
            sealed_note=self._note(decided, event),
            sealed_report_link=link if decided.ending == "approved" else None,
        )

    def _note(self, decided: FirstDecision, event: LeakConfirmed) -> SealedToReceiptText:
        if decided.ending != "rejected" or decided.policy is None:
            return empty_note(event.receipt_key, event.leak_id)
        reasons = self._parts.statements.prefilled(decided.policy, event.language)
        return self._parts.statements.sealed(
            Recipe(event.leak_id, event.receipt_key, event.language, decided.policy, reasons, automated=True)
        )

    async def _withdraw(self, leak_id: str) -> None:
        case = await self._store.cases.by_leak(leak_id)
        if case is None:
            # The other handler is between its two writes; next time the case is there.
            raise Transient("a held leak's case is still being written")
        if case.ending == "held" and case.receipt_key is not None:
            note = empty_note(case.receipt_key, leak_id)
            after, event = domain.withdrawn(case, self._parts.clock(), note)
            if await self._store.cases.withdraw(after, outbox=[]):
                await self._publisher.publish(event)
        elif (again := domain.withdrawal_event(case)) is not None:
            await self._publisher.publish(again)
