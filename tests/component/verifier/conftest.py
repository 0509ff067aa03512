"""The verifier as wired, on the embedded database, with Kafka stood in for and a clock that moves by hand."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from services.verifier import wiring
from services.verifier.settings import Settings
from shared.digests import token_digest
from shared.events.confirmations import ConfirmationClicked, SenderChallenged, SenderStopped
from shared.events.event import Event
from shared.events.leaks import LeakCancelled, LeakSubmitted
from shared.runtime.envelope import Received
from shared.runtime.service import Service
from shared.seals import purposes
from shared.seals.contents import Message, RecipientAddress, RecipientPseudonyms, SenderAddress
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer
from tests.support import keys
from tests.support.fakes.clock import HandClock
from tests.support.fakes.publisher import RecordingPublisher


@dataclass
class World:
    """The verifier and everything around it."""

    service: Service
    publisher: RecordingPublisher
    database: Any
    clock: HandClock
    secrets: Path
    gateway: Sealer
    mailer: Opener

    def submitted(self, sender: str = "anna@example.org", leak_id: str | None = None, **changes: Any) -> LeakSubmitted:
        leak_id = leak_id or secrets.token_hex(16)
        fields = {
            "leak_id": leak_id,
            "submitted_at": self.clock.now,
            "confirm_before": self.clock.now + timedelta(days=1),
            "sealed_sender": self.gateway.seal(purposes.SENDER, leak_id, SenderAddress(address=sender)),
            "sealed_recipient": self.gateway.seal(purposes.RECIPIENT, leak_id, RecipientAddress(address="ben@b.org")),
            "sealed_message": self.gateway.seal(purposes.MESSAGE, leak_id, Message(text="thank you")),
            "sealed_pseudonyms": self.gateway.seal(purposes.PSEUDONYMS, leak_id, RecipientPseudonyms(digests=())),
            "relation": "friend",
            "kind": "thanks",
            "language": "en",
            "receipt_key": "k" * 43,
        }
        return LeakSubmitted.model_validate(fields | changes)

    async def tell(self, *events: Event, offset: int = 0) -> list[Event]:
        """Deliver events of one topic as one batch, under the delivery policy; what the verifier published of it.

        The same offset again is a redelivery, another one is another click.
        """
        before = len(self.publisher.published)
        topic = events[0].topic
        await self.service.deliveries[topic](
            [_record(topic, event, offset + number) for number, event in enumerate(events)]
        )
        return self.publisher.published[before:]

    def twin(self) -> Service:
        """Another replica, on the same database."""
        return wiring.build(self.service.settings, publisher=self.publisher, database=self.database, clock=self.clock)

    async def attempted(self, replica: Service, *events: Event) -> list[type[Event]]:
        """What a replica publishes of events of one topic."""
        before = len(self.publisher.published)
        await attempt(replica, *events)
        return [type(event) for event in self.publisher.published[before:]]

    async def sweep(self) -> list[Event]:
        before = len(self.publisher.published)
        await self.service.jobs["expiry"].work()
        return self.publisher.published[before:]

    def mailed(self, challenge: Event) -> dict[str, str]:
        """What the mailer reads in a challenge."""
        assert isinstance(challenge, SenderChallenged)
        opened = self.mailer.open(purposes.CHALLENGE, challenge.challenge_id, challenge.sealed_challenge)
        return opened.model_dump()

    async def challenge(self, event: LeakSubmitted) -> dict[str, str]:
        """Submit a leak; what its confirmation mail will hold."""
        [challenge] = await self.tell(event)
        return self.mailed(challenge)

    def clicked(self, token: str) -> ConfirmationClicked:
        return ConfirmationClicked(token_digest=token_digest(token), clicked_at=self.clock.now)

    def stopped(self, token: str) -> SenderStopped:
        return SenderStopped(token_digest=token_digest(token), stopped_at=self.clock.now)

    def cancelled(self, event: LeakSubmitted) -> LeakCancelled:
        return LeakCancelled(leak_id=event.leak_id, cancelled_at=self.clock.now)

    async def stored(self) -> str:
        """Every document of the verifier, as text."""
        names = await self.database.list_collection_names()
        return str([document for name in names for document in await self.database[name].find().to_list(None)])


async def attempt(replica: Service, *events: Event) -> None:
    """Hand events of one topic to their handler once, outside the delivery policy."""
    await replica.deliveries[events[0].topic].handle([Received(event, f"{event.topic}/0/0") for event in events])


def _record(topic: str, event: Event, offset: int) -> ConsumerRecord:
    value = event.model_dump_json(exclude_none=True).encode()
    return ConsumerRecord(topic, 0, offset, 0, 0, event.key.encode(), value, None, len(event.key), len(value), ())


@pytest.fixture
def limits() -> dict[str, int]:
    """Settings that a test may override."""
    return {}


@pytest.fixture
async def world(database: Any, secrets_folder: Path, limits: dict[str, int]) -> World:
    return await _world(database, secrets_folder, limits)


@pytest.fixture
async def own_keys(database: Any, tmp_path: Path, limits: dict[str, int]) -> World:
    """With keys that only this test has, to rotate and revoke."""
    return await _world(database, keys.make(tmp_path), limits)


async def _world(database: Any, secrets_folder: Path, limits: dict[str, int]) -> World:
    settings = Settings(secrets_dir=secrets_folder / "verifier", kafka_security="SASL_PLAINTEXT", **limits)
    publisher, clock = RecordingPublisher("verifier"), HandClock()
    service = wiring.build(settings, publisher=publisher, database=database, clock=clock)

    async def clicks_are_read(_model: type[Event]) -> None:
        await asyncio.sleep(0)

    service.caught_up = clicks_are_read
    await service.prepare()
    return World(
        service,
        publisher,
        database,
        clock,
        secrets_folder,
        gateway=keys.sealer(secrets_folder, "gateway-accept", clock),
        mailer=keys.opener(secrets_folder, "mailer-confirmations", clock),
    )
