"""Moderation on the real broker and database: repeats, broken rules, kill -9 in batch and in decision."""

import asyncio
import contextlib
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from local.programs import PYTHON, Program
from local.stack import RealParts
from services.moderation import wiring
from services.moderation.judging import Evaluate
from services.moderation.policy.decision import evaluate
from services.moderation.policy.verdict import Verdict
from services.moderation.settings import Settings
from shared.console.accounts import Accounts
from shared.events.decisions import LeakDecided
from shared.events.event import Event
from shared.events.leaks import LeakCancelled, LeakConfirmed
from shared.events.recipients import LeakReported
from shared.runtime.clock import utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import connect
from shared.seals import purposes
from shared.seals.contents import ReportDetails
from shared.seals.sealing import Sealer
from shared.seals.tokens import take_apart
from tests.component.moderation.receipts import ReceiptKey
from tests.support import keys, outsiders
from tests.support.fakes.account_log import KeptEntries

pytestmark = pytest.mark.integration

WITHIN_S = 60
BATCH = 1_000
PASSWORD = "correct horse battery staple"
KIND, HELD, REJECTED = "Thank you for yesterday.", "Call me: 06 12 34 56 78", "I am going to kill you"

DIES = """
import os, signal
from services.moderation.settings import Settings
from services.moderation.wiring import build
from shared.runtime.kafka import Publisher

class Dying(Publisher):
    async def publish(self, *events):
        if events:
            os.kill(os.getpid(), signal.SIGKILL)

    async def send(self, records):
        if records:
            os.kill(os.getpid(), signal.SIGKILL)

settings = Settings()
build(settings, publisher=Dying(settings)).run()
"""


@dataclass
class Outside:
    """The other services' side of moderation: each topic is written by its owner alone."""

    stack: RealParts
    publishers: dict[str, Publisher]
    sealer: Sealer
    receipt: ReceiptKey

    async def publish(self, *events: Event) -> None:
        await self.publishers[outsiders.owner_of(events[0])].publish(*events)

    def leak(self, message: str = KIND) -> LeakConfirmed:
        return outsiders.confirmed_leak(self.sealer, self.receipt.public_key, message)

    def decided(self) -> dict[str, list[dict[str, Any]]]:
        """leak_id → the different decisions told of it, oldest first."""
        found: dict[str, list[dict[str, Any]]] = {}
        for _, value, _ in self.stack.read(LeakDecided.TOPIC):
            event = json.loads(value or b"")
            told = found.setdefault(event["leak_id"], [])
            if event not in told:
                told.append(event)
        return found

    def report(self, leak: LeakConfirmed) -> LeakReported:
        """What the gateway publishes when the report link in the leak's mail is used."""
        [approved] = [one for one in self.decided()[leak.leak_id] if one["outcome"] == "approved"]
        letters = keys.opener(self.stack.layout.paths.secrets, "mailer-letters")
        used = take_apart(letters.open(purposes.REPORT_LINK, leak.leak_id, approved["sealed_report_link"]).token)
        assert used is not None
        words = self.sealer.seal(purposes.REPORT_DETAILS, used.token_digest, ReportDetails(text=""))
        return LeakReported(**vars(used), reported_at=utc_now(), reason="threat", sealed_details=words)

    def outcomes(self, leak: LeakConfirmed) -> list[str]:
        return [event["outcome"] for event in self.decided().get(leak.leak_id, [])]

    def documents(self, collection: str, **query: Any) -> int:
        with MongoClient[dict[str, Any]](**self.stack.mongo_login("moderation")) as client:
            return client["moderation"][collection].count_documents(query)


@pytest.fixture
async def outside(empty_stack: RealParts) -> AsyncIterator[Outside]:
    publishers = {name: outsiders.publisher_of(empty_stack, name) for name in ("gateway-accept", "verifier")}
    for publisher in publishers.values():
        await publisher.start()
    secrets_folder = empty_stack.layout.paths.secrets
    yield Outside(
        empty_stack,
        publishers,
        keys.sealer(secrets_folder, "gateway-accept"),
        ReceiptKey(),
    )
    for publisher in publishers.values():
        await publisher.stop()


@contextlib.asynccontextmanager
async def moderation(stack: RealParts, rules: Evaluate = evaluate) -> AsyncIterator[Any]:
    """Moderation in this process; gone, with everything committed, at the end."""
    service = wiring.build(Settings.model_validate(stack.settings("moderation", sweep_every_s=0.2)), evaluate=rules)
    life = asyncio.create_task(service.live())
    yield service
    service.stop()
    await life


async def until(holds: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


async def test_every_event_twice_tells_every_outcome_once(outside: Outside):
    kind, held, rejected = outside.leak(KIND), outside.leak(HELD), outside.leak(REJECTED)
    early = outside.leak(KIND)
    cancels = [LeakCancelled(leak_id=one.leak_id, cancelled_at=utc_now()) for one in (early, held, kind)]
    async with moderation(outside.stack):
        await outside.publish(cancels[0], cancels[0])
        await until(lambda: outside.documents("outcomes") == 1)
        await outside.publish(kind, held, rejected, early, kind, held, rejected, early)
        await until(lambda: len(outside.decided()) == 4)
        await outside.publish(*cancels[1:], *cancels[1:])
        report = outside.report(kind)
        await outside.publish(report, report)
        await until(lambda: outside.outcomes(held) == ["held", "withdrawn"])
        await until(lambda: outside.documents("reports", state="open") == 1)
    assert outside.outcomes(kind) == ["approved"]
    assert outside.outcomes(rejected) == ["rejected"]
    assert outside.outcomes(early) == ["withdrawn"]
    assert outside.documents("reports") == 1


async def test_killed_in_mid_batch_it_decides_every_leak_and_none_twice(outside: Outside):
    leaks = [outside.leak((KIND, HELD, REJECTED)[number % 3]) for number in range(BATCH)]
    process = await asyncio.to_thread(outside.stack.start, "moderation")
    publishing = asyncio.create_task(outside.publish(*leaks))
    await until(lambda: outside.documents("outcomes") > 0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    await publishing
    again = await asyncio.to_thread(outside.stack.start, "moderation")
    await until(lambda: len(outside.decided()) == BATCH)
    os.killpg(again.pid, signal.SIGTERM)
    assert again.wait(WITHIN_S) == 0
    assert {len(told) for told in outside.decided().values()} == {1}
    assert outside.documents("outcomes") == BATCH
    assert outside.documents("cases") == sum(told[0]["outcome"] != "approved" for told in outside.decided().values())


async def test_killed_between_its_write_and_its_publish_it_tells_the_stored_outcome(outside: Outside):
    leak = outside.leak(REJECTED)
    await outside.publish(leak)
    await _die(outside)
    assert outside.documents("outcomes") == 1
    assert outside.decided() == {}
    async with moderation(outside.stack):
        await until(lambda: outside.outcomes(leak) == ["rejected"])


async def test_while_the_rules_are_broken_leaks_wait_unapproved_and_the_service_says_why(outside: Outside):
    leak = outside.leak(KIND)
    await outside.publish(leak)

    def broken(_text: str) -> Verdict:
        raise OSError("no rules here")

    async with moderation(outside.stack, broken) as service:
        await until(lambda: service.health.waiting_for == "its rules")
    assert outside.documents("outcomes") == 0
    assert outside.decided() == {}
    async with moderation(outside.stack):
        await until(lambda: outside.outcomes(leak) == ["approved"])


async def test_killed_between_a_moderators_decision_and_its_publish_the_sweeper_tells_it(outside: Outside):
    leak = outside.leak(HELD)
    async with moderation(outside.stack) as service:
        await outside.publish(leak)
        await until(lambda: outside.outcomes(leak) == ["held"])
        database = connect(service.settings)
        await Accounts(database, utc_now, KeptEntries()).add("mod-a", "moderator", PASSWORD)
        database.client.close()
    settings = Settings.model_validate(outside.stack.settings("moderation"))
    program = Program("moderation", [PYTHON, "-c", DIES], outside.stack.environment("moderation"))
    process = outside.stack.launch(program, outside.stack.layout.paths.logs / "dying-moderation.log")
    console = f"http://{settings.console_host}:{settings.console_port}"
    await until(lambda: _answers(f"{console}/sign-in"))
    async with httpx.AsyncClient(base_url=console, headers={"sec-fetch-site": "same-origin"}) as browser:
        await browser.post("/sign-in", data={"name": "mod-a", "password": PASSWORD})
        case = (await browser.post("/next")).headers["location"]
        [fence] = set(re.findall(r'name="fence" value="(\d+)"', (await browser.get(f"{case}?show")).text))
        with contextlib.suppress(httpx.HTTPError):
            await browser.post(f"{case}/approve", data={"fence": fence})
    assert await asyncio.to_thread(process.wait, WITHIN_S) == -signal.SIGKILL
    assert outside.outcomes(leak) == ["held"]
    async with moderation(outside.stack):
        await until(lambda: outside.outcomes(leak) == ["held", "approved"])


async def _die(outside: Outside) -> None:
    program = Program("moderation", [PYTHON, "-c", DIES], outside.stack.environment("moderation"))
    process = outside.stack.launch(program, outside.stack.layout.paths.logs / "dying-moderation.log")
    assert await asyncio.to_thread(process.wait, WITHIN_S) == -signal.SIGKILL


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
