"""The mailer as wired, on the embedded database; Kafka, the relay and the clock are stood in for."""

import asyncio
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from shared.sealing import Sealer

from services.mailer import wiring
from services.mailer.sending import Sending
from services.mailer.settings import Settings
from services.mailer.tokens import Tokens
from shared.digests import from_base64url
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.errors import Transient
from shared.runtime.service import Service
from tests.support.fakes.clock import HandClock
from tests.support.fakes.publisher import RecordingPublisher
from tests.support.fakes.transport import ScriptedTransport


class Blocks:
    """Stands for the end of recipient.blocked: what is still unread there is handled before this returns."""

    def __init__(self) -> None:
        self.unread: list[RecipientBlocked] = []
        self.away = False
        self.world: World | None = None

    async def read(self) -> None:
        if self.away:
            raise Transient("Kafka is away")
        unread, self.unread = self.unread, []
        if unread and self.world is not None:
            await self.world.tell(*unread)


@dataclass
class World:
    """The mailer and everything around it."""

    settings: Settings
    publisher: RecordingPublisher
    database: Any
    transport: ScriptedTransport
    clock: HandClock
    blocks: Blocks
    gateway: Sealer
    verifier: Sealer
    tokens: Tokens
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        self.service = self.replica()
        self.blocks.world = self

    def replica(self) -> Service:
        """One more mailer on the same database and relay; a crash is a replica that nobody asks any more."""
        return wiring.build(
            self.settings,
            publisher=self.publisher,
            database=self.database,
            transport=self.transport,
            blocks_read=self.blocks.read,
            clock=self.clock,
        )

    def decided(
        self,
        outcome: str = "approved",
        *,
        leak_id: str | None = None,
        revision: int = 1,
        recipient: str = "ben@example.org",
        message: str = "I like you.",
        **changes: Any,
    ) -> LeakDecided:
        leak_id = leak_id or secrets.token_hex(16)
        fields: dict[str, Any] = {
            "leak_id": leak_id,
            "revision": revision,
            "outcome": outcome,
            "decided_at": self.clock.now,
            "automated": True,
        }
        if outcome == "approved":
            fields |= {
                "deliver_at": self.clock.now,
                "relation": "friend",
                "kind": "crush",
                "language": "en",
                "recipient": self.gateway.seal("recipient", leak_id, recipient.encode()),
                "message": self.gateway.seal("message", leak_id, message.encode()),
                "recipient_pseudonym": "b" * 64,
                "domain_pseudonym": "c" * 64,
            }
        return LeakDecided.model_validate(fields | changes)

    def challenged(self, sender: str = "anna@example.org", **changes: Any) -> SenderChallenged:
        challenge_id = secrets.token_hex(16)
        content = {"sender": sender, "confirm_token": "c1" * 11, "stop_token": "s2" * 11}
        fields = {
            "challenge_id": challenge_id,
            "challenged_at": self.clock.now,
            "language": "en",
            "expires_at": self.clock.now + timedelta(days=1),
            "challenge": self.verifier.seal("challenge", challenge_id, json.dumps(content).encode()),
        }
        return SenderChallenged.model_validate(fields | changes)

    def cancelled(self, leak_id: str) -> LeakCancelled:
        return LeakCancelled(leak_id=leak_id, cancelled_at=self.clock.now)

    def blocked(self, leak_id: str) -> RecipientBlocked:
        return RecipientBlocked(token_digest=self.tokens.block_digest(leak_id), blocked_at=self.clock.now)

    async def tell(self, *events: Event, to: Service | None = None) -> list[Event]:
        """Deliver events of one topic as one batch, under the delivery policy; what the mailer published of it."""
        before = len(self.publisher.published)
        topic = events[0].topic
        await (to or self.service).deliveries[topic]([record(event) for event in events])
        return self.publisher.published[before:]

    async def send(self, by: Service | None = None) -> list[Event]:
        """Send what is due and wait until nothing is in flight; what the mailer published meanwhile."""
        before = len(self.publisher.published)
        await self.work("send_due", by)
        await self.landed(by)
        return self.publisher.published[before:]

    async def work(self, name: str, by: Service | None = None) -> None:
        """A periodic job, once."""
        await (by or self.service).jobs[name].work()

    async def landed(self, by: Service | None = None) -> None:
        await self._sending(by or self.service).landed()

    async def crash(self) -> None:
        """What is in flight stops where it is, and nobody cleans up."""
        flying = list(self._sending(self.service)._tasks)
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)

    @staticmethod
    def _sending(service: Service) -> Sending:
        sending: Sending = service.jobs["send_due"].work.__self__  # type: ignore[attr-defined]
        return sending

    async def stored(self) -> str:
        """Every document of the mailer, as text."""
        names = await self.database.list_collection_names()
        return str([document for name in names for document in await self.database[name].find().to_list(None)])


def record(event: Event) -> ConsumerRecord:
    value = event.model_dump_json(exclude_none=True).encode()
    return ConsumerRecord(event.topic, 0, 0, 0, 0, event.key.encode(), value, None, len(event.key), len(value), ())


@pytest.fixture
def options() -> dict[str, Any]:
    """Settings that a test may override."""
    return {}


@pytest.fixture
async def world(database: Any, secrets_folder: Path, clock: HandClock, options: dict[str, Any]) -> World:
    settings = Settings(secrets_dir=secrets_folder / "mailer", kafka_security="SASL_PLAINTEXT", **options)
    keyring = settings.keyring()

    def sealer(writer: str) -> Sealer:
        signing_key = from_base64url((secrets_folder / writer / "signing.key").read_text())
        return Sealer(writer, signing_key, keyring, now=clock)

    world = World(
        settings,
        RecordingPublisher("mailer"),
        database,
        ScriptedTransport(),
        clock,
        Blocks(),
        gateway=sealer("gateway"),
        verifier=sealer("verifier"),
        tokens=Tokens(settings.secret("token.key"), settings.secret("message-id.key")),
    )
    await world.service.prepare()
    return world
