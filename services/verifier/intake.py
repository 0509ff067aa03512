"""Opens the sender's address, in memory, and makes what is stored and mailed of a submitted leak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.verifier import addresses
from services.verifier.addresses import MailHosts
from services.verifier.domain import Pending, letter_of, may_be_challenged
from services.verifier.tokens import Tokens
from shared.address_digests import AddressDigests
from shared.digests import token_digest
from shared.events.confirmations import SenderChallenged
from shared.events.leaks import LeakSubmitted
from shared.events.values import AddressDigestText, ClearAddress
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.seals import purposes
from shared.seals.contents import Challenge
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer


@dataclass(frozen=True)
class ReceivedLeak:
    """What to store of a leak, and every digest under which its sender may be on the stop list."""

    pending: Pending
    sender_digests: tuple[AddressDigestText, ...]


class Intake:
    """The only part that sees an address; what leaves it holds digests and seals."""

    def __init__(
        self, opener: Opener, sealer: Sealer, *, tokens: Tokens, digests: AddressDigests, hosts: MailHosts, clock: Clock
    ) -> None:
        self._opener = opener
        self._sealer = sealer
        self._tokens = tokens
        self._digests = digests
        self._hosts = hosts
        self._clock = clock

    async def receive(self, submitted: Sequence[LeakSubmitted]) -> list[ReceivedLeak]:
        """What to store of each; SealBroken when an address was not sealed to us by the gateway."""
        senders = {event.leak_id: self._open(event) for event in submitted}
        reachable = await addresses.that_take_mail(set(senders.values()), self._hosts)
        metrics.DISPOSABLE_SENDERS.inc(sum(map(addresses.is_disposable, senders.values())))
        return [self._received(event, senders, reachable) for event in submitted]

    def _open(self, event: LeakSubmitted) -> ClearAddress:
        return self._opener.open(purposes.SENDER, event.leak_id, event.sealed_sender).address

    def _received(
        self, event: LeakSubmitted, senders: Mapping[str, ClearAddress], reachable: set[ClearAddress]
    ) -> ReceivedLeak:
        address, at = senders[event.leak_id], event.submitted_at
        sender_digest = self._digests.current(address, self._clock())
        challenge_id = self._tokens.challenge_id(event.leak_id, at)
        content = Challenge(
            address=address,
            confirm_token=self._tokens.confirm(challenge_id, at),
            stop_token=self._tokens.stop(sender_digest, at),
        )
        due = may_be_challenged(event, self._clock(), takes_mail=address in reachable)
        pending = Pending(
            leak_id=event.leak_id,
            sender_digest=sender_digest,
            confirm_digest=token_digest(content.confirm_token),
            stop_digest=token_digest(content.stop_token),
            expires_at=event.confirm_before,
            letter=letter_of(event),
            challenge=self._challenge(event, challenge_id, content) if due else None,
        )
        return ReceivedLeak(pending, self._digests.every(address))

    def _challenge(self, event: LeakSubmitted, challenge_id: str, content: Challenge) -> SenderChallenged:
        return SenderChallenged(
            challenge_id=challenge_id,
            challenged_at=self._clock(),
            expires_at=event.confirm_before,
            sealed_challenge=self._sealer.seal(purposes.CHALLENGE, challenge_id, content),
            language=event.language,
        )
