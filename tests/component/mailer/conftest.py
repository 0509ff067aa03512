"""Both roles of the mailer as wired, on the embedded database; Kafka, the relay and the clock are stood in for."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from services.mailer import wiring
from services.mailer.domain import Mail
from services.mailer.sending import Sending
from services.mailer.settings import Settings
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.errors import Transient
from shared.runtime.service import Service
from shared.seals.contents import Challenge, Message, RecipientAddress, ReportLink
from shared.seals.purposes import CHALLENGE, MESSAGE, RECIPIENT, REPORT_LINK
from shared.seals.tokens import ReportedLeak, UsedToken, report_tokens, take_apart
from tests.support import keys
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
            await self.world.deliver(*unread)


@dataclass
class World:
    """One role of the mailer and everything around it."""

    settings: Settings
    database: Any
    clock: HandClock
    secrets: Path
    publisher: RecordingPublisher = field(init=False)
    transport: ScriptedTransport = field(default_factory=ScriptedTransport)
    blocks: Blocks = field(default_factory=Blocks)
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        self.publisher = RecordingPublisher(self.settings.process)
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

    def rotate(self, name: str) -> None:
        """A new key of our own; as after a second, we have read of it."""
        keys.rotate(self.secrets, self.settings.process, name, self.clock.now)
        self.service = self.replica()

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
            "sealed_note": "n" * 40,
        }
        if outcome == "approved":
            gateway = keys.sealer(self.secrets, "gateway-accept", self.clock)
            moderation = keys.sealer(self.secrets, "moderation", self.clock)
            link = ReportLink(token=self.report_token(leak_id))
            fields |= {
                "deliver_at": self.clock.now,
                "relation": "friend",
                "kind": "crush",
                "language": "en",
                "sealed_recipient": gateway.seal(RECIPIENT, leak_id, RecipientAddress(address=recipient)),
                "sealed_message": gateway.seal(MESSAGE, leak_id, Message(text=message)),
                "sealed_report_link": moderation.seal(REPORT_LINK, leak_id, link),
            }
        return LeakDecided.model_validate(fields | changes)

    def report_token(self, leak_id: str) -> str:
        tokens = report_tokens(keys.keys_of(self.secrets, "moderation", "report-token"))
        return tokens.make(ReportedLeak(leak_id), self.clock.now)

    def challenged(
        self, sender: str = "anna@example.org", *, challenge_id: str | None = None, **changes: Any
    ) -> SenderChallenged:
        challenge_id = challenge_id or secrets.token_hex(16)
        content = Challenge(address=sender, confirm_token="c1" * 11, stop_token="s2" * 11)
        verifier = keys.sealer(self.secrets, "verifier", self.clock)
        fields = {
            "challenge_id": challenge_id,
            "challenged_at": self.clock.now,
            "language": "en",
            "expires_at": self.clock.now + timedelta(days=1),
            "sealed_challenge": verifier.seal(CHALLENGE, challenge_id, content),
        }
        return SenderChallenged.model_validate(fields | changes)

    def cancelled(self, leak_id: str) -> LeakCancelled:
        return LeakCancelled(leak_id=leak_id, cancelled_at=self.clock.now)

    def blocked(self, mail: Mail | None = None) -> RecipientBlocked:
        """The block link of a letter (the last one that was taken) is used."""
        used = block_token(mail or self.transport.taken[-1])
        return RecipientBlocked(
            token_digest=used.token_digest, sealed_token=used.sealed_token, blocked_at=self.clock.now
        )

    async def deliver(self, *events: Event, to: Service | None = None) -> list[Event]:
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

    async def suppressions(self) -> int:
        count: int = await self.database["suppressions"].count_documents({})
        return count


def block_token(mail: Mail) -> UsedToken:
    """What the gateway sees of a letter's block link."""
    found = re.search(rb"/one-click/([^>]+)>", mail.data)
    assert found is not None
    used = take_apart(found[1].decode())
    assert used is not None
    return used


def message_id(mail: Mail) -> str:
    """Without its angle brackets."""
    found = re.search(rb"^Message-ID: <([^>]+)>\r$", mail.data, re.MULTILINE)
    assert found is not None
    return found[1].decode()


def record(event: Event) -> ConsumerRecord:
    value = event.model_dump_json(exclude_none=True).encode()
    return ConsumerRecord(event.topic, 0, 0, 0, 0, event.key.encode(), value, None, len(event.key), len(value), ())


@pytest.fixture
def options() -> dict[str, Any]:
    """Settings that a test may override."""
    return {}


@pytest.fixture
def own_secrets(tmp_path: Path) -> Path:
    """Every process's keys, for one test alone, which may rotate them."""
    return keys.make(tmp_path / "secrets")


@pytest.fixture
def role(own_secrets: Path, clock: HandClock, options: dict[str, Any]) -> Callable[[str, Any], World]:
    def world_of(role: str, database: Any) -> World:
        folder = own_secrets / f"mailer-{role}"
        settings = Settings(role=role, secrets_dir=folder, kafka_security="SASL_PLAINTEXT", **options)
        return World(settings, database, clock, own_secrets)

    return world_of


@pytest.fixture
async def world(role: Callable[[str, Any], World], database: Any) -> World:
    """The letters."""
    return await prepared(role("letters", database))


@pytest.fixture
async def other_database(database: Any) -> AsyncIterator[Any]:
    """Another empty database on the same server."""
    name = f"{database.name}-other"
    yield database.client[name]
    await database.client.drop_database(name)


@pytest.fixture
async def confirmations(role: Callable[[str, Any], World], other_database: Any) -> World:
    """The confirmations, with a database of their own."""
    return await prepared(role("confirmations", other_database))


async def prepared(world: World) -> World:
    await world.service.prepare()
    return world
