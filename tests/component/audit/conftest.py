"""Audit as wired, on the embedded database, with Kafka stood in for and a clock that moves by hand."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import ConsumerRecord
from shared.origin import Origin, content_digest
from shared.sealing import Sealer

from services.audit import wiring
from services.audit.domain import Draft, Order
from services.audit.settings import Settings
from services.audit.verify import check_answer, public_key
from services.audit.wiring import Parts
from shared.digests import from_base64url
from shared.events.decisions import ThreatEscalated
from shared.events.deliveries import LeakDelivered
from shared.events.event import Event
from shared.events.origins import OriginCaptured
from shared.runtime.service import Service
from tests.support.fakes.clock import HandClock
from tests.support.fakes.publisher import RecordingPublisher

SENDER = "anna@example.org"
PASSWORD = "correct horse battery staple"


def origin(**changes: Any) -> Origin:
    """An origin as the gateway's edge makes it."""
    told = {
        "address": "203.0.113.7",
        "port": 51234,
        "destination_address": "192.0.2.1",
        "destination_port": 443,
        "captured_at_ns": "1795176000123456789",
        "obtained": "socket",
        "claimed_address": None,
        "sender": SENDER,
        "content_digest": content_digest("thank you", "ben@example.org"),
    }
    return Origin(**(told | changes))


@dataclass
class World:
    """Audit and everything around it."""

    service: Service
    parts: Parts
    app: Any
    settings: Settings
    publisher: RecordingPublisher
    database: Any
    clock: HandClock
    gateway: Sealer
    moderation: Sealer
    stranger: Sealer
    leaks: list[str] = field(default_factory=list)

    async def tell(self, *events: Event) -> None:
        """Deliver events of one topic as one batch, under the delivery policy."""
        topic = events[0].topic
        await self.service.deliveries[topic]([record(topic, event) for event in events])

    def captured(self, leak_id: str | None = None, sealer: Sealer | None = None, **changes: Any) -> OriginCaptured:
        leak_id = leak_id or secrets.token_hex(16)
        sealed = (sealer or self.gateway).seal("origin", leak_id, origin(**changes).encode())
        return OriginCaptured(leak_id=leak_id, captured_at=self.clock.now, origin=sealed)

    async def leak(self, **changes: Any) -> str:
        """A leak whose origin is kept; its id."""
        event = self.captured(**changes)
        await self.tell(event)
        return event.leak_id

    def delivered(self, leak_id: str) -> LeakDelivered:
        return LeakDelivered(leak_id=leak_id, delivered_at=self.clock.now, report_token_digest="d" * 64)

    def escalated(self, leak_id: str, message: bytes = b"I will hurt you") -> ThreatEscalated:
        sealed = self.moderation.seal("threat", leak_id, message)
        return ThreatEscalated(leak_id=leak_id, escalated_at=self.clock.now, policy="threat", message=sealed)

    def draft(self, leak_id: str, *fields: str, **changes: Any) -> Draft:
        told = {
            "authority": "Tribunal judiciaire de Lyon",
            "authorised_by": "Juge Martin",
            "reference": "24/0817",
            "ground": "serious-crime",
            "urgency": "ordinary",
            "called_back": "greffe, 04 00 00 00 00, annuaire",
            "received_at": self.clock.now,
            "fields": fields or ("address", "time"),
        }
        return Draft(leak_id=leak_id, **(told | changes))

    async def order(self, *fields: str, by: str = "ada", leak_id: str | None = None, **changes: Any) -> Order:
        return await self.parts.desk.enter(by, self.draft(leak_id or await self.leak(), *fields, **changes))

    async def approved(self, *fields: str, leak_id: str | None = None) -> Order:
        """An order that Ada entered and Ben approved as asked."""
        order = await self.order(*fields, leak_id=leak_id)
        await self.parts.desk.approve("ben", order.number, order.draft.fields)
        return order

    async def acts(self) -> list[str]:
        """What the log says was done, in order."""
        return [entry.act for entry in await self.parts.log.read()]

    def answer(self, raw: bytes) -> dict[str, Any]:
        """What a whole answer says."""
        return check_answer(raw, public_key(self.settings, "answer.key"))

    def twin(self) -> Parts:
        """Another replica, on the same database."""
        return wiring.parts(self.settings, self.database, set(), self.clock)

    @asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A browser at the console; signed in when it has a name."""
        transport = httpx.ASGITransport(self.app)
        headers = {"sec-fetch-site": "same-origin", "accept-language": "en"}
        async with httpx.AsyncClient(transport=transport, base_url="http://audit", headers=headers) as client:
            if name:
                client.cookies.set(self.parts.console.site.session_cookie, await self._session(name))
            yield client

    async def _session(self, name: str) -> str:
        accounts = self.parts.console.accounts
        if await accounts.find(name) is None:
            await accounts.add(name, "auditor", PASSWORD)
        account = await accounts.find(name)
        assert account
        return await self.parts.console.sessions.open(account)

    async def stored(self) -> str:
        """Every document of audit, as text."""
        names = await self.database.list_collection_names()
        return str([document for name in names for document in await self.database[name].find().to_list(None)])


def record(topic: str, event: Event) -> ConsumerRecord:
    value = json.dumps(event.model_dump(mode="json", exclude_none=True)).encode()
    return ConsumerRecord(topic, 0, 0, 0, 0, event.key.encode(), value, None, len(event.key), len(value), ())


@pytest.fixture
def settings(secrets_folder: Path, tmp_path: Path) -> Settings:
    return Settings(
        secrets_dir=secrets_folder / "audit",
        kafka_security="SASL_PLAINTEXT",
        head_file=tmp_path / "log-head.json",
        console_url="http://audit",
    )


@pytest.fixture
async def world(database: Any, secrets_folder: Path, settings: Settings, clock: HandClock) -> World:
    publisher = RecordingPublisher("audit")
    service = wiring.build(settings, publisher=publisher, database=database, clock=clock)
    await service.prepare()
    parts = wiring.parts(settings, database, service.health.degraded, clock)
    keyring = settings.keyring()

    def sealer(writer: str, folder: str) -> Sealer:
        key = from_base64url((secrets_folder / folder / "signing.key").read_text())
        # One clock for both: a day that the test skips must end a window, too.
        return Sealer(writer, key, keyring, monotonic=lambda: clock().timestamp(), now=clock)

    return World(
        service,
        parts,
        wiring.console_app(settings, parts, clock),
        settings,
        publisher,
        database,
        clock,
        gateway=sealer("gateway", "gateway"),
        moderation=sealer("moderation", "moderation"),
        stranger=sealer("gateway", "verifier"),
    )
