"""Kafka in. What arrives is kept, sealed as it came; whether and when it is sent is decided elsewhere."""

from collections.abc import Callable, Collection, Sequence

from services.mailer.domain import Change, Job, Standing, on_cancel, on_decision
from services.mailer.store.mails import Mails
from services.mailer.store.recipients import Recipients
from services.mailer.telling import Teller
from services.mailer.tokens import Tokens
from services.mailer.unseal import Opening
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.clock import Clock

Word = tuple[str, Callable[[Standing], Change | None], Job | None]
"""A leak, what a later word makes of its standing, and the letter if the word brings one."""


class Handlers:
    """One method an event; each takes a batch."""

    def __init__(
        self, mails: Mails, recipients: Recipients, *, opening: Opening, tokens: Tokens, teller: Teller, clock: Clock
    ) -> None:
        self._mails = mails
        self._recipients = recipients
        self._opening = opening
        self._tokens = tokens
        self._teller = teller
        self._clock = clock

    async def on_sender_challenged(self, events: Sequence[SenderChallenged]) -> None:
        """Keep the confirmation mails that are due; a repeat finds its mail there, sent or not."""
        now = self._clock()
        await self._mails.add([self._opening.confirmation(event, now) for event in events])

    async def on_leak_decided(self, events: Sequence[LeakDecided]) -> None:
        """Keep what was approved until its time; a later revision changes it as long as it has not left."""
        letters = {event.event_id: self._opening.letter(event) for event in events if event.outcome == "approved"}
        # The links first: no mail leaves whose block link would not work.
        links = {self._tokens.block_digest(letter.id): letter.address for letter in letters.values()}
        await self._recipients.add_links(links, self._clock())
        first = {event.leak_id: event for event in reversed(events)}
        known = await self._mails.add([letters[one.event_id] for one in first.values() if one.event_id in letters])
        known |= await self._mails.add_tombstones(
            {id_: _tombstone(one) for id_, one in first.items() if one.event_id not in letters}, self._clock()
        )
        later = [one for one in events if one.leak_id in known or one is not first[one.leak_id]]
        await self._say([(one.leak_id, _on(one), letters.get(one.event_id)) for one in later])
        await self._repeat(known)

    async def on_leak_cancelled(self, events: Sequence[LeakCancelled]) -> None:
        """Withdraw what has not left, or leave a tombstone for an approval that is still to come."""
        ids = {event.leak_id for event in events}
        known = await self._mails.add_tombstones(dict.fromkeys(ids, Standing(-1, "cancelled")), self._clock())
        await self._say([(leak_id, on_cancel, None) for leak_id in known])
        await self._repeat(known)

    async def on_recipient_blocked(self, events: Sequence[RecipientBlocked]) -> None:
        """Nothing more goes to these recipients."""
        await self._recipients.block({event.token_digest for event in events}, self._clock())

    async def _say(self, words: Sequence[Word]) -> None:
        standings = await self._mails.standings([leak_id for leak_id, _, _ in words])
        for leak_id, decide, letter in words:
            # A look at all of them first, because most of what comes again changes nothing.
            if leak_id in standings and decide(standings[leak_id]) is not None:
                await self._change(leak_id, decide, letter)

    async def _change(self, leak_id: str, decide: Callable[[Standing], Change | None], letter: Job | None) -> None:
        changed = False
        while not changed:
            standing = (await self._mails.standings([leak_id])).get(leak_id)
            change = decide(standing) if standing is not None else None
            if standing is None or change is None:
                return
            changed = await self._mails.change(leak_id, standing, change, letter, self._clock())

    async def _repeat(self, leak_ids: Collection[str]) -> None:
        """Tell again, as stored, how these ended."""
        if leak_ids:
            await self._teller.tell_all((await self._mails.ended(leak_ids)).values())


def _tombstone(decided: LeakDecided) -> Standing:
    return Standing(decided.revision, "cancelled" if decided.outcome == "withdrawn" else "stopped")


def _on(decided: LeakDecided) -> Callable[[Standing], Change | None]:
    return lambda standing: on_decision(standing, decided.revision, decided.outcome)
