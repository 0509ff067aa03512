"""The verifier on the real broker and database: repeats, other orders, clicks read late, kill -9 in mid-batch."""

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from local.programs import PYTHON, Program
from local.stack import RealParts
from services.verifier import wiring
from services.verifier.settings import Settings
from shared.digests import token_digest
from shared.events.confirmations import ConfirmationClicked, SenderChallenged, SenderStopped
from shared.events.leaks import LeakCancelled, LeakConfirmed, LeakExpired, LeakSubmitted, LeakWithdrawn
from shared.runtime.kafka import Publisher
from shared.seals import purposes
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer
from tests.support import keys, outsiders

pytestmark = pytest.mark.integration

WITHIN_S = 60
BATCH = 3_000
NO_LIMITS = {"confirmation_mails_a_day": 0, "confirmed_leaks_a_day": 0, "sweep_every_s": 0.2}


DIES_BEFORE_PUBLISHING = """
import os, signal
from services.verifier.settings import Settings
from services.verifier.wiring import build
from shared.runtime.kafka import Publisher

class Dying(Publisher):
    async def publish(self, *events):
        if events:
            os.kill(os.getpid(), signal.SIGKILL)

settings = Settings()
build(settings, publisher=Dying(settings)).run()
"""


@dataclass
class Outside:
    """The gateway's and the mailer's side of the verifier."""

    stack: RealParts
    gateway: Publisher
    sealer: Sealer
    mailer: Opener

    def leak(self, *, open_for: timedelta = timedelta(days=1)) -> LeakSubmitted:
        leak_id, now = secrets.token_hex(16), datetime.now(UTC)
        return LeakSubmitted(
            **outsiders.sealed_leak(self.sealer, leak_id),
            submitted_at=now,
            confirm_before=now + open_for,
            sealed_sender=outsiders.sealed_sender(self.sealer, leak_id, "anna@example.org"),
        )

    def told(self, topic: str) -> dict[bytes, set[bytes]]:
        """Kafka key → the different values told under it."""
        found: dict[bytes, set[bytes]] = {}
        for key, value, _ in self.stack.read(topic):
            found.setdefault(key or b"", set()).add(value or b"")
        return found

    async def mail(self) -> Mapping[str, str]:
        """What the one confirmation mail holds."""
        await until(lambda: bool(self.told(SenderChallenged.TOPIC)))
        [[value]] = self.told(SenderChallenged.TOPIC).values()
        challenge = SenderChallenged.model_validate_json(value)
        opened = self.mailer.open(purposes.CHALLENGE, challenge.challenge_id, challenge.sealed_challenge)
        return opened.model_dump()

    def documents(self, collection: str) -> int:
        with MongoClient[dict[str, Any]](**self.stack.mongo_login("verifier")) as client:
            return client["verifier"][collection].count_documents({})


@pytest.fixture
async def outside(empty_stack: RealParts) -> AsyncIterator[Outside]:
    publisher, secrets_folder = outsiders.publisher_of(empty_stack, "gateway-accept"), empty_stack.layout.paths.secrets
    await publisher.start()
    yield Outside(
        empty_stack,
        publisher,
        sealer=keys.sealer(secrets_folder, "gateway-accept"),
        mailer=keys.opener(secrets_folder, "mailer-confirmations"),
    )
    await publisher.stop()


@contextlib.asynccontextmanager
async def verifier(stack: RealParts, **ahead: float) -> AsyncIterator[None]:
    """The verifier in this process, its clock moved `ahead`; gone, with everything committed, at the end."""
    settings = Settings.model_validate(stack.settings("verifier", **NO_LIMITS))
    service = wiring.build(settings, clock=lambda: datetime.now(UTC) + timedelta(**ahead))
    life = asyncio.create_task(service.live())
    await until(lambda: service.health.waiting_for is None)
    yield
    service.stop()
    await life


async def until(holds: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


async def twice(publish: Callable[..., Awaitable[None]], event: Any) -> None:
    await publish(event)
    await publish(event)


async def test_every_event_twice_tells_every_outcome_once(outside: Outside):
    confirmed, cancelled = outside.leak(), outside.leak()
    async with verifier(outside.stack):
        await twice(outside.gateway.publish, confirmed)
        mail = await outside.mail()
        click = ConfirmationClicked(token_digest=token_digest(mail["confirm_token"]), clicked_at=datetime.now(UTC))
        await twice(outside.gateway.publish, click)
        await until(lambda: bool(outside.told(LeakConfirmed.TOPIC)))
        await twice(outside.gateway.publish, LeakCancelled(leak_id=confirmed.leak_id, cancelled_at=datetime.now(UTC)))
        await twice(outside.gateway.publish, LeakCancelled(leak_id=cancelled.leak_id, cancelled_at=datetime.now(UTC)))
        await until(lambda: outside.documents("outcomes") == 2)
        await twice(outside.gateway.publish, cancelled)
        await until(lambda: bool(outside.told(LeakWithdrawn.TOPIC)))
        stop = SenderStopped(token_digest=token_digest(mail["stop_token"]), stopped_at=datetime.now(UTC))
        await twice(outside.gateway.publish, stop)
        await until(lambda: outside.documents("stopped") == 1)
    told = outside.told(SenderChallenged.TOPIC) | outside.told(LeakConfirmed.TOPIC) | outside.told(LeakWithdrawn.TOPIC)
    assert [len(values) for values in told.values()] == [1, 1, 1]
    assert set(outside.told(LeakConfirmed.TOPIC)) == {confirmed.leak_id.encode()}
    assert set(outside.told(LeakWithdrawn.TOPIC)) == {cancelled.leak_id.encode()}


async def test_a_click_that_waited_in_kafka_beats_the_expiry(outside: Outside):
    leak = outside.leak()
    async with verifier(outside.stack):
        await outside.gateway.publish(leak)
        mail = await outside.mail()
    await outside.gateway.publish(
        ConfirmationClicked(token_digest=token_digest(mail["confirm_token"]), clicked_at=datetime.now(UTC))
    )
    async with verifier(outside.stack, days=2):
        await until(lambda: bool(outside.told(LeakConfirmed.TOPIC)))
        await until(lambda: outside.documents("pending") == 0)
    assert outside.told(LeakExpired.TOPIC) == {}


async def test_a_leak_that_nobody_confirmed_expires_after_its_day(outside: Outside):
    leak = outside.leak()
    async with verifier(outside.stack):
        await outside.gateway.publish(leak)
        await outside.mail()
    async with verifier(outside.stack, days=2):
        await until(lambda: bool(outside.told(LeakExpired.TOPIC)))
        await until(lambda: outside.documents("pending") == 0)
    assert set(outside.told(LeakExpired.TOPIC)) == {leak.leak_id.encode()}


async def test_killed_in_mid_batch_it_loses_no_leak_and_tells_no_second_challenge(outside: Outside):
    leaks = [outside.leak() for _ in range(BATCH)]
    process = await asyncio.to_thread(outside.stack.start, "verifier", **NO_LIMITS)
    publishing = asyncio.create_task(outside.gateway.publish(*leaks))
    await until(lambda: outside.documents("pending") > 0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    await publishing
    assert outside.documents("pending") < BATCH
    again = await asyncio.to_thread(outside.stack.start, "verifier", **NO_LIMITS)
    await until(lambda: len(outside.told(SenderChallenged.TOPIC)) == BATCH)
    os.killpg(again.pid, signal.SIGTERM)
    assert again.wait(WITHIN_S) == 0
    told = outside.told(SenderChallenged.TOPIC)
    assert outside.documents("pending") == len(told) == BATCH
    assert {len(values) for values in told.values()} == {1}


async def test_killed_between_its_write_and_its_publish_it_tells_the_stored_outcome(outside: Outside):
    leak = outside.leak()
    program = Program("verifier", [PYTHON, "-c", DIES_BEFORE_PUBLISHING], outside.stack.environment("verifier"))
    process = outside.stack.launch(program, outside.stack.layout.paths.logs / "dying-verifier.log")
    await outside.gateway.publish(leak)
    assert await asyncio.to_thread(process.wait, WITHIN_S) == -signal.SIGKILL
    assert outside.documents("pending") == 1
    assert outside.told(SenderChallenged.TOPIC) == {}
    async with verifier(outside.stack):
        await outside.mail()
