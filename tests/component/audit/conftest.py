"""Audit as wired, on the embedded database, with Kafka stood in for and a clock that moves by hand."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import ConsumerRecord

from services.audit import wiring
from services.audit.domain import Order, OrderDraft
from services.audit.log import Log
from services.audit.opening import OriginOpener
from services.audit.orders import OrderDesk
from services.audit.settings import Settings
from services.audit.store.origins import OriginStore
from services.audit.verify import check_answer, public_keys
from shared.console.accounts import Accounts
from shared.digests import sha256
from shared.events.decisions import ThreatEscalated
from shared.events.deliveries import LeakDelivered
from shared.events.event import Event
from shared.events.origins import OriginCaptured
from shared.runtime.service import Service
from shared.seals.batches import BatchSigner, origin_leaf_of
from shared.seals.contents import Threat
from shared.seals.purposes import ORIGIN, THREAT
from shared.seals.sealing import Sealer
from tests.support import keys
from tests.support.audit import Replica, origin, replica
from tests.support.fakes.account_log import KeptEntries
from tests.support.fakes.clock import HandClock
from tests.support.fakes.publisher import RecordingPublisher

PASSWORD = "correct horse battery staple"
MESSAGE_ID = "k2v8.letter@leak.example"
PAPER = {
    "authority": "Tribunal judiciaire de Lyon",
    "authorised_by": "Juge Martin",
    "reference": "24/0817",
    "received_at": "2026-11-20T09:30",
    "urgency": "ordinary",
    "ground": "serious-crime",
    "called_back": "greffe, 04 00 00 00 00, annuaire",
}
"""What the entry form sends of an order, but for the leak and what is asked."""


@dataclass
class World:
    """Audit and everything around it."""

    service: Service
    here: Replica
    settings: Settings
    publisher: RecordingPublisher
    database: Any
    clock: HandClock
    folder: Path

    @property
    def desk(self) -> OrderDesk:
        return self.here.desk

    @property
    def store(self) -> OriginStore:
        return self.here.store

    @property
    def log(self) -> Log:
        return self.here.log

    async def read(self, *events: Event) -> None:
        """Deliver events of one topic as one batch, under the delivery policy."""
        topic = events[0].topic
        await self.service.deliveries[topic]([record(topic, event) for event in events])

    def sealer(self, process: str) -> Sealer:
        return keys.sealer(self.folder, process, self.clock)

    def sealed(self, leak_id: str, **changes: Any) -> str:
        """An origin as the gateway seals it."""
        return self.sealer("gateway-accept").seal(ORIGIN, leak_id, origin(**changes))

    def captured(
        self, leak_id: str | None = None, *, sealed: str | None = None, signer: str = "gateway-accept", **changes: Any
    ) -> OriginCaptured:
        """An origin in a batch with another one, as `signer` signs it."""
        leak_id = leak_id or secrets.token_hex(16)
        sealed = sealed or self.sealed(leak_id, **changes)
        [proof, _] = self.signer(signer).sign([origin_leaf_of(leak_id, self.clock.now, sealed), b"another origin"])
        return OriginCaptured.model_validate(
            {"leak_id": leak_id, "captured_at": self.clock.now, "sealed_origin": sealed, "proof": proof}
        )

    def signer(self, process: str) -> BatchSigner:
        return BatchSigner(keys.keys_of(self.folder, process, "signing"), now=self.clock)

    async def leak(self, **changes: Any) -> str:
        """A leak whose origin is stored; its id."""
        event = self.captured(**changes)
        await self.read(event)
        return event.leak_id

    async def records(self, leak_id: str) -> Sequence[Any]:
        """The leak's stored origins."""
        return (await self.store.origins(leak_id)).records

    async def document(self, leak_id: str) -> dict[str, Any]:
        """A leak's first stored origin as whoever can write the database sees it."""
        found: dict[str, Any] = await self.database["origins"].find_one({"_id": leak_id})
        return found

    def delivered(self, leak_id: str, message_id: str = MESSAGE_ID) -> LeakDelivered:
        return LeakDelivered(leak_id=leak_id, delivered_at=self.clock.now, message_id_digest=sha256(message_id))

    def escalated(self, leak_id: str, text: str = "I will hurt you") -> ThreatEscalated:
        sealed = self.sealer("moderation").seal(THREAT, leak_id, Threat(text=text, policy="threat"))
        return ThreatEscalated.model_validate(
            {"leak_id": leak_id, "escalated_at": self.clock.now, "sealed_threat": sealed}
        )

    def draft(self, leak_id: str, *fields: str, **changes: Any) -> OrderDraft:
        given = {
            "authority": "Tribunal judiciaire de Lyon",
            "authorised_by": "Juge Martin",
            "reference": "24/0817",
            "ground": "serious-crime",
            "urgency": "ordinary",
            "called_back": "greffe, 04 00 00 00 00, annuaire",
            "received_at": self.clock.now,
            "fields": fields or ("ip", "time"),
        }
        return OrderDraft(leak_id=leak_id, **(given | changes))

    async def order(self, *fields: str, by: str = "ada", leak_id: str | None = None, **changes: Any) -> Order:
        return await self.desk.enter(by, self.draft(leak_id or await self.leak(), *fields, **changes))

    async def approved(self, *fields: str, leak_id: str | None = None) -> Order:
        """An order that Ada entered and Ben approved as asked."""
        order = await self.order(*fields, leak_id=leak_id)
        await self.desk.approve("ben", order.number, order.draft.fields)
        return order

    async def acts(self) -> list[str]:
        """What the log says was done, in order."""
        return [entry.act for entry in await self.log.read()]

    def answer(self, raw: bytes) -> dict[str, Any]:
        """What a whole answer says."""
        return check_answer(raw, public_keys(self.settings, "answer").current(self.clock.now).material)

    async def opened(self, leak_id: str, *fields: str) -> list[dict[str, Any]]:
        """The records of the answer to an order about a leak."""
        order = await self.approved(*fields, leak_id=leak_id)
        records: list[dict[str, Any]] = self.answer(await self.desk.open("ada", order.number))["records"]
        return records

    def twin(self, opener: OriginOpener | None = None) -> Replica:
        """Another replica, on the same database."""
        return replica(self.settings, self.database, set(), self.clock, opener)

    def restarted(self) -> "World":
        """The same world with audit started anew: it reads its keys again, as it otherwise does within a second."""
        return world_of(self.settings, self.database, self.clock, self.folder)

    @asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A browser at the console; signed in when it has a name."""
        transport = httpx.ASGITransport(self.service.listeners[0].config.app)
        headers = {"sec-fetch-site": "same-origin", "accept-language": "en"}
        async with httpx.AsyncClient(transport=transport, base_url="http://audit", headers=headers) as client:
            if name:
                client.cookies.set(self.here.console.site.session_cookie, await self._session(name))
            yield client

    async def _session(self, name: str) -> str:
        # As if it had been made before the log began.
        accounts = Accounts(self.database, self.clock, KeptEntries())
        if await accounts.find(name) is None:
            await accounts.add(name, "auditor", PASSWORD)
        account = await accounts.find(name)
        assert account
        return await self.here.console.sessions.open(account)

    async def stored(self) -> str:
        """Every document of audit, as text."""
        names = await self.database.list_collection_names()
        return str([document for name in names for document in await self.database[name].find().to_list(None)])


def record(topic: str, event: Event) -> ConsumerRecord:
    value = event.model_dump_json(exclude_none=True).encode()
    return ConsumerRecord(topic, 0, 0, 0, 0, event.key.encode(), value, None, len(event.key), len(value), ())


def settings_of(folder: Path, head_file: Path) -> Settings:
    return Settings(
        secrets_dir=folder / "audit",
        kafka_security="SASL_PLAINTEXT",
        head_file=head_file,
        console_url="http://audit",
    )


def world_of(settings: Settings, database: Any, clock: HandClock, folder: Path) -> World:
    publisher = RecordingPublisher("audit")
    service = wiring.build(settings, publisher=publisher, database=database, clock=clock)
    here = replica(settings, database, service.health.degraded, clock)
    return World(service, here, settings, publisher, database, clock, folder)


@pytest.fixture
def settings(secrets_folder: Path, tmp_path: Path) -> Settings:
    return settings_of(secrets_folder, tmp_path / "log-head.json")


@pytest.fixture
async def world(database: Any, secrets_folder: Path, settings: Settings, clock: HandClock) -> World:
    made = world_of(settings, database, clock, secrets_folder)
    await made.service.prepare()
    return made


@pytest.fixture
async def own_keys(database: Any, tmp_path: Path, clock: HandClock) -> World:
    """A world whose keys the test may rotate and revoke."""
    folder = keys.make(tmp_path / "secrets")
    made = world_of(settings_of(folder, tmp_path / "log-head.json"), database, clock, folder)
    await made.service.prepare()
    return made
