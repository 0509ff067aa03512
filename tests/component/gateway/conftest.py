"""The gateway as wired, on the embedded database, with Kafka stood in for and a clock that moves by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.audit.opening import OriginOpener
from services.gateway import wiring
from services.gateway.settings import Settings
from shared.digests import from_base64url
from shared.events.event import Event
from shared.runtime.service import Service
from shared.unsealing import Opener
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
    publisher: RecordingPublisher
    database: Any
    clock: HandClock
    secrets: Path
    settings: Settings

    @property
    def app(self) -> Any:
        return self.service._listeners[0].config.app

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Open the public port; which one it is."""
        listener = self.service._listeners[0]
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
        delivery = self.service.deliveries[events[0].topic]
        await delivery._handler(events)

    async def accepted(self, leak: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Send a leak, and let the gateway read its own event; the answer, and the event's value as `event`."""
        answer = (await self.send(leak)).json()
        event = self.sent("leak.submitted.v1")[-1]
        await self.tell(self.service.deliveries["leak.submitted.v1"]._model.model_validate(event))
        return {**answer, "event": event}

    def opener(self, reader: str) -> Opener:
        return Opener(reader, _key(self.secrets / reader / "opening.key"), self.settings.keyring())

    def origins(self) -> OriginOpener:
        return OriginOpener(_key(self.secrets / "audit" / "opening.key"), self.settings.keyring())

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
    settings = Settings(
        secrets_dir=secrets_folder / "gateway", kafka_security="SASL_PLAINTEXT", **{**roomy, **overrides}
    )
    # From now on, because the edge stamps origins with the real time.
    publisher, clock = RecordingPublisher("gateway"), HandClock(datetime.now(UTC).replace(microsecond=0))
    service = wiring.build(settings, publisher=publisher, sender=publisher, database=database, clock=clock)
    for prepare in service._on_start:
        await prepare()
    return World(service, publisher, database, clock, secrets_folder, settings)


def _key(path: Path) -> bytes:
    return from_base64url(path.read_text())
