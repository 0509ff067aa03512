"""Audit on the real broker and its own database: repeats, forgeries, kill -9 in mid-batch, alarms, the log's check."""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
import pytest
from pymongo import MongoClient
from shared.origin import Origin, content_digest
from shared.sealing import Sealer

from local.programs import PYTHON
from local.stack import RealParts
from services.audit import wiring
from services.audit.domain import Draft
from services.audit.settings import Settings
from services.audit.verify import check_answer, public_key
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
from shared.events.event import Event
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.events.recipients import LeakReported
from shared.events.topics import TOPICS
from shared.runtime.clock import utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import connect
from shared.runtime.settings import ServiceSettings, settings_config

pytestmark = pytest.mark.integration

WITHIN_S = 60
BATCH = 2_000


@dataclass
class Outside:
    """The other services' side of audit: each topic is written by its owner alone."""

    stack: RealParts
    publishers: dict[str, Publisher]
    sealers: dict[str, Sealer]

    async def publish(self, *events: Event) -> None:
        await self.publishers[TOPICS[events[0].topic].owner].publish(*events)

    def captured(self, address: str = "203.0.113.7", writer: str = "gateway") -> OriginCaptured:
        leak_id, now = secrets.token_hex(16), utc_now()
        digest = content_digest("thank you", "ben@example.org")
        at_ns = str(int(now.timestamp()) * 10**9)
        origin = Origin(address, 51234, "192.0.2.1", 443, at_ns, "socket", None, "anna@example.org", digest)
        sealed = self.sealers[writer].seal("origin", leak_id, origin.encode())
        return OriginCaptured(leak_id=leak_id, captured_at=now.replace(microsecond=0), origin=sealed)

    def delivered(self, leak_id: str) -> LeakDelivered:
        return LeakDelivered(leak_id=leak_id, delivered_at=utc_now(), report_token_digest="d" * 64)

    def life(self, leak_id: str) -> list[Event]:
        """One event of each kind that audit reads about a leak."""
        now, mark = utc_now(), {"leak_id": leak_id}
        seal = self.sealers["gateway"].seal
        return [
            LeakConfirmed(
                **mark,
                confirmed_at=now,
                receipt_key="k" * 43,
                relation="friend",
                kind="thanks",
                language="en",
                recipient=seal("recipient", leak_id, b"ben@example.org"),
                recipient_pseudonym="b" * 64,
                message=seal("message", leak_id, b"thank you"),
                domain_pseudonym="c" * 64,
            ),
            LeakExpired(**mark, expired_at=now),
            LeakWithdrawn(**mark, withdrawn_at=now, reason="cancelled"),
            LeakDecided(
                **mark,
                revision=0,
                outcome="rejected",
                decided_at=now,
                automated=True,
                policy="threat",
                policy_version="1",
            ),
            ThreatEscalated(
                **mark,
                escalated_at=now,
                policy="threat",
                message=self.sealers["moderation"].seal("threat", leak_id, b"I will hurt you"),
            ),
            self.delivered(leak_id),
            LeakBounced(**mark, bounced_at=now, outcome_class="refused"),
            LeakSuppressed(**mark, suppressed_at=now, reason="blocked"),
            LeakReported(token_digest="d" * 64, reported_at=now, reason="threat"),
        ]

    def documents(self, collection: str, **query: Any) -> int:
        with MongoClient[dict[str, Any]](**self.stack.mongo_login("audit")) as client:
            return client["audit"][collection].count_documents(query)

    def check_log(self) -> "subprocess.CompletedProcess[str]":
        """The log's check as an operator runs it."""
        command = [PYTHON, "-m", "services.audit.verify"]
        environment = self.stack.environment("audit")
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _settings(stack: RealParts, service: str) -> ServiceSettings:
    class Owner(ServiceSettings):
        SERVICE: ClassVar[str] = service
        model_config = settings_config(f"{service.upper()}_")

    return Owner.model_validate(stack.settings(service))


@pytest.fixture
async def outside(empty_stack: RealParts) -> AsyncIterator[Outside]:
    # The documents are gone, so the note of the log's end must go, too.
    Settings.model_validate(empty_stack.settings("audit")).head_file.unlink(missing_ok=True)
    others = {name: _settings(empty_stack, name) for name in ("gateway", "verifier", "moderation", "mailer")}
    publishers = {name: Publisher(settings) for name, settings in others.items()}
    for publisher in publishers.values():
        await publisher.start()
    sealers = {
        name: Sealer(name, settings.secret("signing.key"), settings.keyring())
        for name, settings in others.items()
        if name in {"gateway", "moderation"}
    }
    # Whoever can write the topic but hasn't the gateway's key.
    sealers["forger"] = Sealer("gateway", secrets.token_bytes(32), others["gateway"].keyring())
    yield Outside(empty_stack, publishers, sealers)
    for publisher in publishers.values():
        await publisher.stop()


@contextlib.asynccontextmanager
async def audit(stack: RealParts, **settings: Any) -> AsyncIterator[Any]:
    """Audit in this process; gone, with everything committed, at the end."""
    service = wiring.build(Settings.model_validate(stack.settings("audit", **settings)))
    life = asyncio.create_task(service.live())
    yield service
    service.stop()
    await life


@contextlib.asynccontextmanager
async def desk(stack: RealParts) -> AsyncIterator[Any]:
    """The order desk, on the real database."""
    settings = Settings.model_validate(stack.settings("audit"))
    database = connect(settings)
    yield wiring.parts(settings, database, set(), utc_now).desk
    database.client.close()


async def until(holds: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


def draft(leak_id: str) -> Draft:
    return Draft(
        "Tribunal", "Juge Martin", "24/0817", "serious-crime", leak_id, ("address",), "ordinary", utc_now(), "greffe"
    )


async def test_every_event_twice_is_kept_once(outside: Outside):
    origin = outside.captured()
    async with audit(outside.stack):
        for _ in range(2):
            await outside.publish(origin)
            for event in outside.life(origin.leak_id):
                await outside.publish(event, event)
        await until(lambda: outside.documents("lives") == 7)
        await until(lambda: outside.documents("threats") == 1)
        await until(lambda: outside.documents("reports") == 2)
    assert outside.documents("origins") == 1
    assert outside.documents("lives", leak_id=origin.leak_id) == 7


async def test_a_forged_origin_in_a_batch_dies_alone(outside: Outside):
    origins = [outside.captured() for _ in range(20)]
    forged = outside.captured(writer="forger")
    await outside.publish(*origins[:10], forged, *origins[10:])
    async with audit(outside.stack):
        await until(lambda: outside.documents("origins") == 20)
        await until(lambda: len(outside.stack.read("audit.dead.v1")) == 1)
    assert outside.documents("origins", _id=forged.leak_id) == 0


async def test_killed_in_mid_batch_it_keeps_every_origin_once(outside: Outside):
    origins = [outside.captured() for _ in range(BATCH)]
    process = await asyncio.to_thread(outside.stack.start, "audit")
    publishing = asyncio.create_task(outside.publish(*origins))
    await until(lambda: outside.documents("origins") > 0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    await publishing
    again = await asyncio.to_thread(outside.stack.start, "audit")
    await until(lambda: outside.documents("origins") == BATCH)
    os.killpg(again.pid, signal.SIGTERM)
    assert again.wait(WITHIN_S) == 0
    assert outside.documents("origins") == BATCH


async def test_a_delivered_leak_without_an_origin_raises_the_alarm_within_a_minute(outside: Outside):
    ready = f"http://127.0.0.1:{outside.stack.settings('audit')['internal_port']}"
    async with audit(outside.stack), httpx.AsyncClient(base_url=ready, trust_env=False) as operator:
        await until(lambda: httpx.get(f"{ready}/health/ready", trust_env=False).is_success)
        await outside.publish(outside.delivered("ab" * 16))
        began = asyncio.get_running_loop().time()
        told: dict[str, Any] = {"degraded": []}
        while not told["degraded"]:
            assert asyncio.get_running_loop().time() - began < WITHIN_S
            await asyncio.sleep(0.2)
            told = (await operator.get("/health/ready")).json()
        assert told == {"ready": True, "waiting_for": None, "degraded": ["a delivered leak has no origin"]}
        assert "leak_delivered_without_origin 1.0" in (await operator.get("/metrics")).text


async def test_an_order_is_answered_from_what_the_gateway_sealed(outside: Outside):
    origin = outside.captured(address="2001:db8::7")
    await outside.publish(origin)
    async with audit(outside.stack):
        await until(lambda: outside.documents("origins") == 1)
    async with desk(outside.stack) as orders:
        order = await orders.enter("ada", draft(origin.leak_id))
        await orders.approve("ben", order.number, ["address"])
        raw = await orders.open("ada", order.number)
    key = public_key(Settings.model_validate(outside.stack.settings("audit")), "answer.key")
    assert check_answer(raw, key)["records"] == [{"ip_address": "2001:db8::7", "port": 51234, "obtained": "socket"}]


async def test_the_operators_check_finds_a_whole_log_whole_and_names_what_is_not(outside: Outside):
    async with desk(outside.stack) as orders:
        order = await orders.enter("ada", draft("ab" * 16))
        await orders.approve("ben", order.number, ["address"])
        await orders.refuse("cleo", order.number, "no such ground")
    whole = outside.check_log()
    assert (whole.returncode, whole.stdout[:37]) == (0, "The log is whole: 3 entries, 1 orders")
    with MongoClient[dict[str, Any]](**outside.stack.mongo_login("audit")) as client:
        client["audit"]["log"].delete_one({"_id": 3})
    cut = outside.check_log()
    assert (cut.returncode, cut.stdout) == (
        1,
        "NOT WHOLE: the log ends at entry 2, but reached entry 3: it was cut short.\n",
    )


async def test_the_service_finds_a_log_that_was_changed_under_it(outside: Outside):
    async with desk(outside.stack) as orders:
        await orders.enter("ada", draft("ab" * 16))
    async with audit(outside.stack, check_s=0.2) as service:
        await until(lambda: service.health.waiting_for is None)
        with MongoClient[dict[str, Any]](**outside.stack.mongo_login("audit")) as client:
            client["audit"]["log"].update_one({"_id": 1}, {"$set": {"by": "ben"}})
        await until(lambda: service.health.degraded == {"the audit log is not whole"})
