"""From a checked request to two durable events: the sealed origin, then the leak, each part sealed to its reader."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.gateway.acts import Unavailable
from services.gateway.drafts import LeakRequest
from services.gateway.edge import Caller
from services.gateway.intake import Intake
from services.gateway.keys import Keys
from services.gateway.receipts import Receipt, request_digest
from shared.digests import domain_of, keyed_digest, normalise_address
from shared.events.leaks import LeakSubmitted
from shared.events.origins import OriginCaptured
from shared.origin import Origin, content_digest
from shared.runtime.envelope import outgoing

SOURCE = "gateway"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the sender gets: the id and receipt of a leak whose origin and text are durable."""

    leak_id: str
    receipt: str
    confirm_before: datetime


class Acceptor:
    """Accepts leaks. I1: no seal, no leak; the origin is durable before the leak is sent."""

    def __init__(self, keys: Callable[[], Keys], intake: Intake, confirm_within: timedelta) -> None:
        self._keys = keys
        self._intake = intake
        self._confirm_within = confirm_within

    async def accept(
        self,
        caller: Caller,
        leak: LeakRequest,
        *,
        idempotency_key: str | None = None,
        claimed_address: str | None = None,
    ) -> Accepted:
        """Durable when it returns, else Unavailable. A retry with the same key is the same leak with its own origin."""
        keys = self._keys()
        receipt = _receipt(keys, leak, idempotency_key)
        # To the second, since that is all that anything in clear needs; the exact instant is in the sealed origin.
        at = datetime.fromtimestamp(caller.captured_at_ns // 1_000_000_000, UTC)
        confirm_before = at + self._confirm_within
        try:
            # Unchecked, because every value is of our own making; tests read them back through the models.
            origin = OriginCaptured.model_construct(
                leak_id=receipt.leak_id,
                captured_at=at,
                origin=keys.sealer.seal("origin", receipt.leak_id, _origin(caller, leak, claimed_address).encode()),
            )
            submitted = _submitted(keys, receipt, at, confirm_before, leak)
        except KeyError as no_reader:
            # The keyring lacks a reader: nothing can be sealed to it, so nothing is accepted.
            raise Unavailable from no_reader
        await self._intake.take(outgoing(origin, SOURCE), outgoing(submitted, SOURCE))
        return Accepted(receipt.leak_id, receipt.text, confirm_before)


def _receipt(keys: Keys, leak: LeakRequest, idempotency_key: str | None) -> Receipt:
    if idempotency_key is None:
        return Receipt.fresh()
    digest = request_digest(leak.recipient, leak.message, leak.sender, leak.relation, leak.kind, leak.language)
    return Receipt.repeatable(keys.receipt_key, idempotency_key, digest)


def _origin(caller: Caller, leak: LeakRequest, claimed_address: str | None) -> Origin:
    return Origin(
        address=caller.address,
        port=caller.port,
        destination_address=caller.destination_address,
        destination_port=caller.destination_port,
        captured_at_ns=str(caller.captured_at_ns),
        obtained=caller.obtained,
        claimed_address=claimed_address,
        sender=leak.sender,
        content_digest=content_digest(leak.message, leak.recipient),
    )


def _submitted(
    keys: Keys, receipt: Receipt, at: datetime, confirm_before: datetime, leak: LeakRequest
) -> LeakSubmitted:
    seal, leak_id = keys.sealer.seal, receipt.leak_id
    return LeakSubmitted.model_construct(
        leak_id=leak_id,
        submitted_at=at,
        confirm_before=confirm_before,
        sender=seal("sender", leak_id, leak.sender.encode()),
        recipient=seal("recipient", leak_id, leak.recipient.encode()),
        recipient_pseudonym=keyed_digest(keys.pseudonym_key, "recipient", normalise_address(leak.recipient)),
        domain_pseudonym=keyed_digest(keys.pseudonym_key, "domain", domain_of(leak.recipient)),
        message=seal("message", leak_id, leak.message.encode()),
        relation=leak.relation,
        kind=leak.kind,
        language=leak.language,
        receipt_key=receipt.public_key,
    )
