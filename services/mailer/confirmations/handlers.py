"""Kafka in: a challenge is stored, sealed as it came; whether and when it is mailed is decided elsewhere."""

from collections.abc import Sequence

from services.mailer.confirmations.opening import ConfirmationOpening
from services.mailer.store.mails import Mails
from shared.events.confirmations import SenderChallenged
from shared.runtime.clock import Clock


class ConfirmationHandlers:
    """Takes a batch, and publishes nothing."""

    def __init__(self, mails: Mails, opening: ConfirmationOpening, clock: Clock) -> None:
        self._mails = mails
        self._opening = opening
        self._clock = clock

    async def on_sender_challenged(self, events: Sequence[SenderChallenged]) -> None:
        """Store the confirmation mails that are due; a repeat finds its mail there, sent or not."""
        now = self._clock()
        await self._mails.add([self._opening.job(event, now) for event in events])
