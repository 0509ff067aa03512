"""The gateway as wired, on the embedded database, with Kafka stood in for and a clock that moves by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway import clients, wiring
from services.gateway.settings import Settings
from services.gateway.store import ApiClients
from shared.events.event import Event
from shared.events.leaks import LeakSubmitted
from shared.events.origins import OriginCaptured
from shared.runtime.envelope import Received
from shared.runtime.service import Service
from shared.seals.batches import check, origin_leaf
from shared.seals.contents import Origin
from shared.seals.form import parse, share
from shared.seals.keys import Keyring
from shared.seals.opening import Opener, content_of, unwrap, window_secret
from shared.seals.purposes import ORIGIN
from tests.support import keys
from tests.support.fakes.clock import HandClock
from tests.support.fakes.publisher import RecordingPublisher

CLIENT = ("198.51.100.23", 54321)
LEAK = {
    "recipient": "robin@example.com",
    "message": "You sing in the lift. Please never stop.",
    "sender": "alex@example.org",
    "relation": "coworker",
    "kind": "thanks",
    "language": "en",
    "consent": True,
}


@dataclass
class World:
    """The gateway and everything around it."""

    service: Service
    reader: Service
    """The other role, which reads what became of leaks."""
    publisher: RecordingPublisher
    database: Any
    clock: HandClock
    secrets: Path
    settings: Settings

    @property
    def app(self) -> Any:
        return self.service.listeners[0].config.app

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Open the public port; which one it is."""
        listener = self.service.listeners[0]
        serving = asyncio.create_task(listener.listen())
        while not listener.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield listener.servers[0].sockets[0].getsockname()[1]
        await listener.stop()
        await serving

    def client(self, socket_peer: tuple[str, int] = CLIENT) -> httpx.AsyncClient:
        """A browser or program at this address and port."""
        transport = httpx.ASGITransport(self.app, client=socket_peer, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", trust_env=False)

    async def send(
        self,
        leak: Mapping[str, object] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        socket_peer: tuple[str, int] = CLIENT,
    ) -> httpx.Response:
        async with self.client(socket_peer) as client:
            return await client.post("/v1/leaks", json=leak or LEAK, headers=dict(headers or {}))

    def with_secrets(self, folder: Path) -> "World":
        """The same gateway with another folder of secrets."""
        settings = self.settings.model_copy(update={"secrets_dir": folder})
        parts = {"publisher": self.publisher, "sender": self.publisher, "database": self.database, "clock": self.clock}
        return replace(self, settings=settings, service=wiring.build(settings, **parts))

    async def api_client(self, name: str) -> str:
        """A new API client's key."""
        key = await clients.add(ApiClients(self.database), name)
        assert key is not None
        return key

    async def status(self, receipt: str) -> httpx.Response:
        async with self.client() as client:
            return await client.get("/v1/leaks/mine", headers={"authorization": f"Bearer {receipt}"})

    async def cancel(self, receipt: str) -> httpx.Response:
        async with self.client() as client:
            return await client.delete("/v1/leaks/mine", headers={"authorization": f"Bearer {receipt}"})

    def sent(self, topic: str) -> list[dict[str, Any]]:
        """The values sent to a topic by the hot route."""
        return [json.loads(record.value) for record in self.publisher.sent if record.topic == topic]

    async def tell(self, *events: Event) -> None:
        """Deliver events of one topic, as another service published them."""
        delivery = self.reader.deliveries[events[0].topic]
        await delivery.handle([Received(event, f"{event.topic}/0/0") for event in events])

    async def accepted(self, leak: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Send a leak, and let the gateway read its own event; the answer, and the event's value as `event`."""
        answer = (await self.send(leak)).json()
        event = self.sent("leak.submitted.v1")[-1]
        await self.tell(LeakSubmitted.model_validate(event))
        return {**answer, "event": event}

    def opener(self, reader: str) -> Opener:
        return keys.opener(self.secrets, reader)

    def origin(self, captured: OriginCaptured) -> Origin:
        """What audit would read under an order, once the batch's proof holds."""
        check(origin_leaf(captured), captured.proof, self.keyring(), writer="gateway-accept", stored_at=self.clock.now)
        seal = parse(captured.sealed_origin)
        opening = keys.keys_of(self.secrets, "audit", "opening")
        secret = window_secret(opening, *seal.sealed_secret("audit"))
        plaintext = unwrap(seal, captured.leak_id, {"audit": share(secret, "origin", seal.record_id)})
        return content_of(ORIGIN, plaintext)

    def origins(self) -> list[OriginCaptured]:
        return [OriginCaptured.model_validate(value) for value in self.sent(OriginCaptured.TOPIC)]

    def keyring(self) -> Keyring:
        return keys.keyring(self.secrets)()

    async def stored(self) -> str:
        """Every document of the gateway, as text."""
        names = await self.database.list_collection_names()
        return str([document for name in names for document in await self.database[name].find().to_list(None)])


@pytest.fixture
def overrides() -> dict[str, Any]:
    """Settings that a test may override; limits are out of the way unless it does."""
    return {}


@pytest.fixture
async def world(database: Any, secrets_folder: Path, overrides: dict[str, Any]) -> World:
    roomy = dict.fromkeys(("limit_submit", "limit_preview", "limit_act", "limit_status"), "100000 per 10 minutes")
    common = {"kafka_security": "SASL_PLAINTEXT", **roomy, **overrides}
    settings, reading = (
        Settings(role=role, secrets_dir=secrets_folder / f"gateway-{role}", **common) for role in ("accept", "status")
    )
    # From now on, because the edge stamps origins with the real time.
    publisher, clock = RecordingPublisher("gateway-accept"), HandClock(datetime.now(UTC).replace(microsecond=0))
    service = wiring.build(settings, publisher=publisher, sender=publisher, database=database, clock=clock)
    reader = wiring.build(reading, publisher=RecordingPublisher("gateway-status"), database=database, clock=clock)
    for one in (service, reader):
        await one.prepare()
    return World(service, reader, publisher, database, clock, secrets_folder, settings)
