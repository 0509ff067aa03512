"""Kafka in, for both roles: who blocked us gets neither a letter nor a confirmation mail."""

from collections.abc import Sequence

from services.mailer.store.recipients import Recipients
from shared.events.recipients import RecipientBlocked
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.seals.errors import SealBroken
from shared.seals.tokens import BlockedAddress, SealedTokens


class BlockHandlers:
    """Takes a batch, and publishes nothing."""

    def __init__(self, recipients: Recipients, tokens: SealedTokens[BlockedAddress], clock: Clock) -> None:
        self._recipients = recipients
        self._tokens = tokens
        self._clock = clock

    async def on_recipient_blocked(self, events: Sequence[RecipientBlocked]) -> None:
        """Nothing more goes to these recipients. A repeat, or another click, changes nothing."""
        blocked = [content.address_digest for event in events if (content := self._opened(event))]
        await self._recipients.suppress(blocked, "blocked", self._clock())

    def _opened(self, event: RecipientBlocked) -> BlockedAddress | None:
        try:
            content = self._tokens.open(event.sealed_token, event.token_digest)
        except SealBroken:
            # No dead letter: any stranger can send a text in the form of a token, as often as they like.
            metrics.BLOCK_TOKENS_STRANGE.inc()
            return None
        # As of the click, which may have waited for us longer than the link worked.
        return None if content.is_over(event.blocked_at) else content
