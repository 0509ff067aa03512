"""Audit on the real broker and its own database: repeats, forgeries, kill -9 in mid-batch, alarms, the log's check."""

import asyncio
import contextlib
import os
import secrets
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from local.programs import PYTHON
from local.stack import RealParts
from services.audit import wiring
from services.audit.domain import OrderDraft
from services.audit.settings import Settings
from services.audit.verify import check_answer, public_keys
from shared.digests import sha256
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.event import Event
from shared.events.leaks import LeakExpired, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.runtime.clock import utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import connect
from shared.seals.batches import BatchSigner, origin_leaf_of
from shared.seals.contents import Threat
from shared.seals.purposes import ORIGIN, THREAT
from shared.seals.sealing import Sealer
from tests.support import keys, outsiders
from tests.support.audit import Replica, origin, replica

pytestmark = pytest.mark.integration

WITHIN_S = 60
BATCH = 2_000
LIVES = 8
"""Steps in the life of a leak that audit stores; a threat is stored apart."""


@dataclass
class Outside:
    """The other processes' side of audit: each topic is written by its owner alone."""

    stack: RealParts
    publishers: dict[str, Publisher]
    gateway: Sealer

    async def publish(self, *events: Event) -> None:
        await self.publishers[outsiders.owner_of(events[0])].publish(*events)

    def captured(self, ip: str = "203.0.113.7", signer: str = "gateway-accept") -> OriginCaptured:
        leak_id, now = secrets.token_hex(16), utc_now().replace(microsecond=0)
        sealed = self.gateway.seal(ORIGIN, leak_id, origin(ip=ip))
        signing = keys.keys_of(self.stack.layout.paths.secrets, signer, "signing")
        [proof] = BatchSigner(signing).sign([origin_leaf_of(leak_id, now, sealed)])
        return OriginCaptured.model_validate(
            {"leak_id": leak_id, "captured_at": now, "sealed_origin": sealed, "proof": proof}
        )

    def delivered(self, leak_id: str) -> LeakDelivered:
        return LeakDelivered(leak_id=leak_id, delivered_at=utc_now(), message_id_digest=sha256("a@leak.example"))

    def life(self, leak_id: str) -> list[Event]:
        """One event of each kind that audit reads about a leak."""
        now, mark = utc_now(), {"leak_id": leak_id}
        moderation = keys.sealer(self.stack.layout.paths.secrets, "moderation")
        confirmed = outsiders.confirmed_leak(self.gateway, "k" * 43)
        threat = moderation.seal(THREAT, leak_id, Threat(text="I will hurt you", policy="threat"))
        return [
            confirmed.model_copy(update=mark),
            LeakExpired.model_validate({**mark, "expired_at": now}),
            LeakWithdrawn.model_validate({**mark, "withdrawn_at": now, "reason": "cancelled"}),
            LeakDecided.model_validate(
                {
                    **mark,
                    "revision": 0,
                    "outcome": "rejected",
                    "decided_at": now,
                    "automated": True,
                    "sealed_note": "AA",
                }
            ),
            ThreatEscalated.model_validate({**mark, "escalated_at": now, "sealed_threat": threat}),
            self.delivered(leak_id),
            LeakBounced.model_validate({**mark, "bounced_at": now, "outcome_class": "refused"}),
            LeakSuppressed.model_validate({**mark, "suppressed_at": now, "reason": "blocked"}),
            LeakStopped.model_validate({**mark, "stopped_at": now}),
        ]

    def documents(self, collection: str, **query: Any) -> int:
        with MongoClient[dict[str, Any]](**self.stack.mongo_login("audit")) as client:
            return client["audit"][collection].count_documents(query)

    def check_log(self) -> "subprocess.CompletedProcess[str]":
        """The log's check as an operator runs it."""
        command = [PYTHON, "-m", "services.audit.verify"]
        environment = self.stack.environment("audit")
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
async def outside(empty_stack: RealParts) -> AsyncIterator[Outside]:
    # The documents are gone, so the note of the log's end must go, too.
    head_file = Settings.model_validate(empty_stack.settings("audit")).head_file
    assert head_file is not None
    head_file.unlink(missing_ok=True)
    owners = ("gateway-accept", "verifier", "moderation", "mailer-letters")
    publishers = {name: outsiders.publisher_of(empty_stack, name) for name in owners}
    for publisher in publishers.values():
        await publisher.start()
    yield Outside(empty_stack, publishers, keys.sealer(empty_stack.layout.paths.secrets, "gateway-accept"))
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
async def auditors(stack: RealParts) -> AsyncIterator[Replica]:
    """What auditors do, on the real database."""
    settings = Settings.model_validate(stack.settings("audit"))
    database = connect(settings)
    yield replica(settings, database, set(), utc_now)
    database.client.close()


async def until(holds: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


def draft(leak_id: str) -> OrderDraft:
    return OrderDraft(
        "Tribunal", "Juge Martin", "24/0817", "serious-crime", leak_id, ("ip",), "ordinary", utc_now(), "greffe"
    )


async def test_every_event_twice_is_kept_once(outside: Outside):
    captured = outside.captured()
    async with audit(outside.stack):
        for _ in range(2):
            await outside.publish(captured)
            for event in outside.life(captured.leak_id):
                await outside.publish(event, event)
        await until(lambda: outside.documents("lives") == LIVES)
        await until(lambda: outside.documents("threats") == 1)
    assert outside.documents("origins") == 1
    assert outside.documents("lives", _id={"$gt": captured.leak_id, "$lt": captured.leak_id + "0"}) == LIVES


async def test_a_forged_origin_in_a_batch_dies_alone(outside: Outside):
    origins = [outside.captured() for _ in range(20)]
    forged = outside.captured(signer="verifier")
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
    captured = outside.captured(ip="2001:db8::7")
    await outside.publish(captured)
    async with audit(outside.stack):
        await until(lambda: outside.documents("origins") == 1)
    async with auditors(outside.stack) as here:
        order = await here.desk.enter("ada", draft(captured.leak_id))
        await here.desk.approve("ben", order.number, ["ip"])
        raw = await here.desk.open("ada", order.number)
    key = public_keys(Settings.model_validate(outside.stack.settings("audit")), "answer").keys[0].material
    assert check_answer(raw, key)["records"] == [{"ip": "2001:db8::7", "port": 51234, "obtained": "socket"}]


async def test_the_operators_check_finds_a_whole_log_whole_and_names_what_is_not(outside: Outside):
    async with auditors(outside.stack) as here:
        order = await here.desk.enter("ada", draft("ab" * 16))
        await here.desk.approve("ben", order.number, ["ip"])
        await here.desk.refuse("cleo", order.number, "no such ground")
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
    async with auditors(outside.stack) as here:
        await here.desk.enter("ada", draft("ab" * 16))
    async with audit(outside.stack, check_s=0.2) as service:
        await until(lambda: service.health.waiting_for is None)
        with MongoClient[dict[str, Any]](**outside.stack.mongo_login("audit")) as client:
            client["audit"]["log"].update_one({"_id": 1}, {"$set": {"by": "ben"}})
        await until(lambda: service.health.degraded == {"the audit log is not whole"})
