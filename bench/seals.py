"""Records as the services would write them, made with the stack's own keys."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench.traffic import settings_of
from local.stack import RealParts
from shared.digests import to_base64url
from shared.events.decisions import LeakDecided
from shared.events.origins import OriginCaptured, UnprovenOrigin
from shared.seals import purposes
from shared.seals.batches import BatchSigner, origin_leaf
from shared.seals.contents import Message, Note, Origin, RecipientAddress, ReportLink
from shared.seals.receipt import seal_note
from shared.seals.sealing import Sealer

MESSAGE = ("You sing in the lift. " * 10)[:200]
BATCH = 100
"""Origins in one signed batch: about what a busy gateway publishes at once."""


def sealer(parts: RealParts, writer: str) -> Sealer:
    """Seals as `writer`."""
    settings = settings_of(parts, writer)
    return Sealer(writer, settings.keys("signing"), settings.keyring())


def origins(parts: RealParts, count: int) -> list[OriginCaptured]:
    """Captured origins, in batches that the gateway signed."""
    seal, signer = sealer(parts, "gateway-accept"), BatchSigner(settings_of(parts, "gateway-accept").keys("signing"))
    captured: list[OriginCaptured] = []
    while len(captured) < count:
        captured += _proven(signer, [_origin(seal) for _ in range(min(BATCH, count - len(captured)))])
    return captured


def approved(parts: RealParts, count: int) -> list[LeakDecided]:
    """Approved leaks that are due, to many domains."""
    writers = sealer(parts, "gateway-accept"), sealer(parts, "moderation")
    receipt_key = to_base64url(X25519PrivateKey.generate().public_key().public_bytes_raw())
    return [_approved(*writers, receipt_key, number) for number in range(count)]


def _origin(seal: Sealer) -> UnprovenOrigin:
    leak_id, now = secrets.token_hex(16), datetime.now(UTC)
    plain = Origin(
        ip="127.0.0.1",
        port=40_000,
        destination_ip="127.0.0.1",
        destination_port=443,
        captured_at_ns=str(int(now.timestamp() * 1e9)),
        obtained="socket",
        claimed_ip=None,
        sender="sender@example.net",
        content_digest="0" * 64,
    )
    sealed = seal.seal(purposes.ORIGIN, leak_id, plain)
    return UnprovenOrigin(leak_id=leak_id, captured_at=now, sealed_origin=sealed)


def _proven(signer: BatchSigner, captured: Sequence[UnprovenOrigin]) -> list[OriginCaptured]:
    proofs = signer.sign([origin_leaf(one) for one in captured])
    return [OriginCaptured(**one.model_dump(), proof=proof) for one, proof in zip(captured, proofs, strict=True)]


def _approved(gateway: Sealer, moderation: Sealer, receipt_key: str, number: int) -> LeakDecided:
    leak_id, now = secrets.token_hex(16), datetime.now(UTC)
    address = RecipientAddress(address=f"r{number}@d{number % 97}.example.org")
    link = ReportLink(token=secrets.token_urlsafe(16))
    return LeakDecided(
        leak_id=leak_id,
        revision=1,
        outcome="approved",
        decided_at=now,
        automated=True,
        sealed_note=seal_note(receipt_key, leak_id, Note()),
        deliver_at=now - timedelta(seconds=1),
        sealed_recipient=gateway.seal(purposes.RECIPIENT, leak_id, address),
        sealed_message=gateway.seal(purposes.MESSAGE, leak_id, Message(text=MESSAGE)),
        sealed_report_link=moderation.seal(purposes.REPORT_LINK, leak_id, link),
        relation="friend",
        kind="thanks",
        language="en",
    )
