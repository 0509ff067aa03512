"""From a checked request to two durable events: the sealed origin, then the leak, each part sealed to its reader."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from services.gateway.acts import AcceptedLeak, Unavailable
from services.gateway.drafts import LeakRequest
from services.gateway.edge import Caller
from services.gateway.intake import Intake
from services.gateway.keys import Keys
from services.gateway.receipts import IdempotencyKey, Receipt, request_digest
from shared.events.leaks import LeakSubmitted
from shared.events.origins import OriginCaptured, UnprovenOrigin
from shared.events.values import ClearAddress
from shared.runtime.envelope import Outgoing, outgoing
from shared.seals import purposes
from shared.seals.batches import origin_leaf
from shared.seals.contents import Message, Origin, RecipientAddress, RecipientPseudonyms, SenderAddress
from shared.seals.errors import KeyMissing

SOURCE = "gateway-accept"
PSEUDONYMS = 4
"""Keys of a recipient's pseudonym that travel: so many rotations does a recipient's history outlive."""


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
        idempotency_key: IdempotencyKey | None = None,
        claimed_ip: str | None = None,
    ) -> AcceptedLeak:
        """Durable when it returns, else Unavailable. A retry with the same key is the same leak with its own origin."""
        keys = self._keys()
        # To the second, since that is all that anything in clear needs; the exact instant is in the sealed origin.
        at = datetime.fromtimestamp(caller.captured_at_ns // 1_000_000_000, UTC)
        confirm_before = at + self._confirm_within
        try:
            receipt = _receipt(keys, leak, idempotency_key)
            sealed_origin = keys.sealer.seal(purposes.ORIGIN, receipt.leak_id, _origin(caller, leak, claimed_ip))
            submitted = _submitted(keys, receipt, at, confirm_before, leak)
        except KeyMissing as no_key:
            # Nothing can be sealed or signed now, so nothing is accepted.
            raise Unavailable from no_key
        # Its proof is added with the batch that it goes out in.
        origin = UnprovenOrigin.model_construct(leak_id=receipt.leak_id, captured_at=at, sealed_origin=sealed_origin)
        await self._intake.take(origin, outgoing(submitted, SOURCE))
        return AcceptedLeak(receipt.leak_id, receipt.text, confirm_before)


def signed(keys: Callable[[], Keys]) -> Callable[[Sequence[UnprovenOrigin]], list[Outgoing]]:
    """What makes records of origins that go out together: one signature, and for each its path to it."""

    def sign(origins: Sequence[UnprovenOrigin]) -> list[Outgoing]:
        proofs = keys().signer.sign([origin_leaf(origin) for origin in origins])
        return [
            outgoing(OriginCaptured.model_construct(**dict(origin), proof=proof), SOURCE)
            for origin, proof in zip(origins, proofs, strict=True)
        ]

    return sign


def _receipt(keys: Keys, leak: LeakRequest, idempotency_key: IdempotencyKey | None) -> Receipt:
    if idempotency_key is None:
        return Receipt.fresh()
    digest = request_digest(leak.recipient, leak.message, leak.sender, leak.relation, leak.kind, leak.language)
    return Receipt.repeatable(keys.receipt(), idempotency_key, digest)


def content_digest(message: str, recipient: str) -> str:
    """The digest by which a mail that somebody brings is matched to its record. Hex; each part after its length."""
    digest = sha256(b"leak content v1\n")
    for part in (message.encode(), recipient.encode()):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def _origin(caller: Caller, leak: LeakRequest, claimed_ip: str | None) -> Origin:
    # Unchecked here and below, because every value is of our own making; tests read them back through the models.
    return Origin.model_construct(
        ip=caller.ip,
        port=caller.port,
        destination_ip=caller.destination_ip,
        destination_port=caller.destination_port,
        captured_at_ns=str(caller.captured_at_ns),
        obtained=caller.obtained,
        claimed_ip=claimed_ip,
        sender=ClearAddress(leak.sender),
        content_digest=content_digest(leak.message, leak.recipient),
    )


def _submitted(
    keys: Keys, receipt: Receipt, at: datetime, confirm_before: datetime, leak: LeakRequest
) -> LeakSubmitted:
    seal, leak_id = keys.sealer.seal, receipt.leak_id
    sender, recipient = ClearAddress(leak.sender), ClearAddress(leak.recipient)
    pseudonyms = keys.pseudonyms.every(recipient)[:PSEUDONYMS]
    return LeakSubmitted.model_construct(
        leak_id=leak_id,
        submitted_at=at,
        confirm_before=confirm_before,
        sealed_sender=seal(purposes.SENDER, leak_id, SenderAddress.model_construct(address=sender)),
        sealed_recipient=seal(purposes.RECIPIENT, leak_id, RecipientAddress.model_construct(address=recipient)),
        sealed_pseudonyms=seal(purposes.PSEUDONYMS, leak_id, RecipientPseudonyms.model_construct(digests=pseudonyms)),
        sealed_message=seal(purposes.MESSAGE, leak_id, Message.model_construct(text=leak.message)),
        relation=leak.relation,
        kind=leak.kind,
        language=leak.language,
        receipt_key=receipt.public_key,
    )
