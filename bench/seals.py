"""Records as the services would write them, made with the stack's own keys."""

import secrets
from datetime import UTC, datetime, timedelta

from shared.origin import Origin
from shared.sealing import Sealer

from bench.traffic import settings_of
from local.stack import RealParts
from shared.digests import keyed_digest
from shared.events.decisions import LeakDecided
from shared.events.origins import OriginCaptured

MESSAGE = ("You sing in the lift. " * 10)[:200]


def sealer(parts: RealParts, writer: str) -> Sealer:
    """Seals as `writer`."""
    settings = settings_of(parts, writer)
    return Sealer(writer, settings.secret("signing.key"), settings.keyring())


def origin(seal: Sealer) -> OriginCaptured:
    """A captured origin."""
    leak_id, now = secrets.token_hex(16), datetime.now(UTC)
    plain = Origin(
        address="127.0.0.1",
        port=40_000,
        destination_address="127.0.0.1",
        destination_port=443,
        captured_at_ns=str(int(now.timestamp() * 1e9)),
        obtained="socket",
        claimed_address=None,
        sender="sender@example.net",
        content_digest="0" * 64,
    )
    return OriginCaptured(leak_id=leak_id, captured_at=now, origin=seal.seal("origin", leak_id, plain.encode()))


def approved(seal: Sealer, number: int) -> LeakDecided:
    """An approved leak that is due, to one of many domains."""
    leak_id, now = secrets.token_hex(16), datetime.now(UTC)
    address = f"r{number}@d{number % 97}.example.org"
    return LeakDecided(
        leak_id=leak_id,
        revision=1,
        outcome="approved",
        decided_at=now,
        automated=True,
        policy_version="bench",
        deliver_at=now - timedelta(seconds=1),
        recipient=seal.seal("recipient", leak_id, address.encode()),
        recipient_pseudonym=keyed_digest(b"bench", "recipient", address),
        domain_pseudonym=keyed_digest(b"bench", "domain", address),
        message=seal.seal("message", leak_id, MESSAGE.encode()),
        relation="friend",
        kind="thanks",
        language="en",
    )
