"""Kafka in: a letter is stored, sealed as it came; whether and when it is sent is decided elsewhere."""

from collections.abc import Callable, Sequence

from services.mailer.domain import Change, Job, MailState, on_cancel, on_decision
from services.mailer.letters.opening import LetterOpening
from services.mailer.outbox import OutcomeOutbox
from services.mailer.store.mails import Mails
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakCancelled
from shared.runtime.clock import Clock

Decide = Callable[[MailState], Change | None]
"""What an event makes of a mail as it stands."""


class LetterHandlers:
    """One method an event; each takes a batch. A repeat publishes the stored outcomes again."""

    def __init__(self, mails: Mails, opening: LetterOpening, outbox: OutcomeOutbox, clock: Clock) -> None:
        self._mails = mails
        self._opening = opening
        self._outbox = outbox
        self._clock = clock

    async def on_leak_decided(self, events: Sequence[LeakDecided]) -> None:
        """Store what was approved until its time; a later revision changes it as long as it has not left."""
        now = self._clock()
        letters = {one.event_id: self._opening.job(one, now) for one in events if one.outcome == "approved"}
        first = {one.leak_id: one for one in reversed(events)}
        known = await self._mails.add([letters[one.event_id] for one in first.values() if one.event_id in letters])
        known |= await self._mails.add_tombstones(
            {id_: _tombstone(one) for id_, one in first.items() if one.event_id not in letters}, now
        )
        later = [one for one in events if one.leak_id in known or one is not first[one.leak_id]]
        await self._change_all([(one.leak_id, _decision(one), letters.get(one.event_id)) for one in later])
        await self._outbox.publish_again(known)

    async def on_leak_cancelled(self, events: Sequence[LeakCancelled]) -> None:
        """Withdraw what has not left, or leave a tombstone for an approval that is still to come."""
        ids = {event.leak_id for event in events}
        known = await self._mails.add_tombstones(dict.fromkeys(ids, MailState(-1, "cancelled")), self._clock())
        await self._change_all([(leak_id, on_cancel, None) for leak_id in known])
        await self._outbox.publish_again(known)

    async def _change_all(self, changes: Sequence[tuple[str, Decide, Job | None]]) -> None:
        states = await self._mails.states([leak_id for leak_id, _, _ in changes])
        for leak_id, decide, letter in changes:
            # A look at all of them first, because most of what comes again changes nothing.
            if leak_id in states and decide(states[leak_id]) is not None:
                await self._change(leak_id, decide, letter)

    async def _change(self, leak_id: str, decide: Decide, letter: Job | None) -> None:
        changed = False
        while not changed:
            state = (await self._mails.states([leak_id])).get(leak_id)
            change = decide(state) if state is not None else None
            if state is None or change is None:
                return
            changed = await self._mails.change(leak_id, state, change, letter, self._clock())


def _tombstone(decided: LeakDecided) -> MailState:
    return MailState(decided.revision, "cancelled" if decided.outcome == "withdrawn" else "stopped")


def _decision(decided: LeakDecided) -> Decide:
    return lambda state: on_decision(state, decided.revision, decided.outcome)
