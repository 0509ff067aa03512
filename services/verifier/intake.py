"""Opens the sender's address, in memory, and makes what is kept and mailed of a submitted leak."""

import json
from collections.abc import Mapping, Sequence

from services.verifier import addresses
from services.verifier.addresses import MailHosts
from services.verifier.domain import Pending, letter_of, may_be_challenged
from services.verifier.tokens import Tokens
from shared.digests import keyed_digest, normalise_address, token_digest
from shared.events.confirmations import SenderChallenged
from shared.events.leaks import LeakSubmitted
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.sealing import Sealer
from shared.unsealing import Opener


class Intake:
    """The only part that sees an address; what leaves it holds digests and seals."""

    def __init__(
        self, opener: Opener, sealer: Sealer, *, tokens: Tokens, address_key: bytes, hosts: MailHosts, clock: Clock
    ) -> None:
        self._opener = opener
        self._sealer = sealer
        self._tokens = tokens
        self._address_key = address_key
        self._hosts = hosts
        self._clock = clock

    async def receive(self, submitted: Sequence[LeakSubmitted]) -> list[Pending]:
        """What to store of each; SealBroken when an address was not sealed to us by the gateway."""
        senders = {event.leak_id: self._open(event) for event in submitted}
        reachable = await addresses.that_take_mail(set(senders.values()), self._hosts)
        metrics.DISPOSABLE_SENDERS.inc(sum(map(addresses.is_disposable, senders.values())))
        return [self._pending(event, senders, reachable) for event in submitted]

    def _open(self, event: LeakSubmitted) -> str:
        return self._opener.open("sender", event.leak_id, event.sender).decode()

    def _pending(self, event: LeakSubmitted, senders: Mapping[str, str], reachable: set[str]) -> Pending:
        address = senders[event.leak_id]
        sender = keyed_digest(self._address_key, "sender", normalise_address(address))
        challenge_id = self._tokens.challenge_id(event.leak_id)
        confirm, stop = self._tokens.confirm(challenge_id), self._tokens.stop(sender)
        due = may_be_challenged(event, self._clock(), takes_mail=address in reachable)
        return Pending(
            leak_id=event.leak_id,
            sender=sender,
            confirm_digest=token_digest(confirm),
            stop_digest=token_digest(stop),
            expires_at=event.confirm_before,
            letter=letter_of(event),
            challenge=self._challenge(event, challenge_id, [address, confirm, stop]) if due else None,
        )

    def _challenge(self, event: LeakSubmitted, challenge_id: str, parts: Sequence[str]) -> SenderChallenged:
        content = dict(zip(("sender", "confirm_token", "stop_token"), parts, strict=True))
        plaintext = json.dumps(content, ensure_ascii=False).encode()
        return SenderChallenged(
            challenge_id=challenge_id,
            challenged_at=self._clock(),
            expires_at=event.confirm_before,
            challenge=self._sealer.seal("challenge", challenge_id, plaintext),
            language=event.language,
        )
