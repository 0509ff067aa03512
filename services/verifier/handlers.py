"""Kafka in. Each handler stores the outcome that counts, then publishes it: for a repeat too, the stored one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.verifier import domain
from services.verifier.domain import LeakOutcome, Pending
from services.verifier.intake import Intake
from services.verifier.settings import Settings
from services.verifier.store import Store
from shared.events.confirmations import ConfirmationClicked, SenderStopped
from shared.events.event import Event
from shared.events.leaks import LeakCancelled, LeakSubmitted
from shared.runtime.clock import Clock
from shared.runtime.envelope import Received
from shared.runtime.kafka import Publisher


class Handlers:
    """One method an event; each takes a batch."""

    def __init__(self, store: Store, intake: Intake, publisher: Publisher, settings: Settings, clock: Clock) -> None:
        self._store = store
        self._intake = intake
        self._publisher = publisher
        self._settings = settings
        self._clock = clock

    async def on_leak_submitted(self, events: Sequence[LeakSubmitted]) -> None:
        """Store the leak until its sender confirms it, and have a confirmation mail sent."""
        received = await self._intake.receive(events)
        digests = {one.pending.leak_id: one.sender_digests for one in received}
        pending = await self._store.add([one.pending for one in received], self._settings.confirmation_mails_a_day)
        # Read after the insert: a cancel or a stop that is handled right now sees our insert, or we see it.
        ended = await self._store.outcomes([one.leak_id for one in pending])
        stopped = await self._store.stopped({digest for every in digests.values() for digest in every})
        refused = [one for one in pending if one.leak_id not in ended and not stopped.isdisjoint(digests[one.leak_id])]
        ended |= await self._store.settle(domain.stopped(one, self._clock()) for one in refused)
        await self._erase_withdrawn(ended)
        challenges = [one.challenge for one in pending if one.leak_id not in ended and one.challenge]
        await self._publisher.publish(*_events_of(ended, pending), *challenges)

    async def on_confirmation_clicked(self, received: Sequence[Received[ConfirmationClicked]]) -> None:
        """Confirm what was clicked in time; a stranger's token, a late one and a second click change nothing."""
        clicks = {one.event.token_digest: one for one in reversed(received)}
        clicked = [(one, clicks[one.confirm_digest]) for one in await self._store.pending_by_confirm(clicks)]
        confirmed = [
            domain.confirmed(one, click.event.clicked_at, click.place)
            for one, click in clicked
            if domain.in_time(one, click.event.clicked_at)
        ]
        outcomes = await self._store.settle(confirmed, self._settings.confirmed_leaks_a_day)
        await self._erase_withdrawn(outcomes)
        await self._publisher.publish(*_events_of(_ended_by(outcomes, received), [one for one, _ in clicked]))

    async def on_sender_stopped(self, received: Sequence[Received[SenderStopped]]) -> None:
        """Put the sender on the stop list, then withdraw what still waits for a click."""
        clicks = {one.event.token_digest: one for one in reversed(received)}
        senders = await self._store.senders_by_stop(clicks)
        await self._store.stop({sender: clicks[digest].event.stopped_at for digest, sender in senders.items()})
        waiting = await self._store.pending_by_stop(clicks)
        outcomes = await self._store.settle(
            domain.stopped(one, clicks[one.stop_digest].event.stopped_at, clicks[one.stop_digest].place)
            for one in waiting
        )
        await self._erase_withdrawn(outcomes)
        await self._publisher.publish(*_events_of(_ended_by(outcomes, received), waiting))

    async def on_leak_cancelled(self, events: Sequence[LeakCancelled]) -> None:
        """Withdraw what waits; leave a tombstone for what has not arrived; what was confirmed is no longer ours."""
        cancels = {event.leak_id: event.cancelled_at for event in reversed(events)}
        known = {one.leak_id: one for one in await self._store.pending(cancels)}
        outcomes = await self._store.settle(domain.cancelled(id_, known.get(id_), at) for id_, at in cancels.items())
        # Read again: what arrived since the first look may have missed our outcome, so it is ours to publish.
        waiting = await self._store.pending(cancels)
        await self._erase_withdrawn(outcomes)
        await self._publisher.publish(*_events_of(_withdrawn(outcomes), waiting))

    async def _erase_withdrawn(self, outcomes: Mapping[str, LeakOutcome]) -> None:
        await self._store.erase(_withdrawn(outcomes))


def _ended_by(outcomes: Mapping[str, LeakOutcome], received: Sequence[Received[Any]]) -> dict[str, LeakOutcome]:
    """Those that these very records ended: a token acts once, however often it is used."""
    places = {one.place for one in received}
    return {leak_id: outcome for leak_id, outcome in outcomes.items() if outcome.click in places}


def _withdrawn(outcomes: Mapping[str, LeakOutcome]) -> dict[str, LeakOutcome]:
    return {leak_id: outcome for leak_id, outcome in outcomes.items() if outcome.ending == "withdrawn"}


def _events_of(outcomes: Mapping[str, LeakOutcome], pending: Iterable[Pending]) -> list[Event]:
    held = [(outcomes[one.leak_id], one.letter) for one in pending if one.leak_id in outcomes]
    return [event for outcome, letter in held if (event := domain.event_of(outcome, letter)) is not None]
