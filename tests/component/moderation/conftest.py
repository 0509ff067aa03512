"""Moderation as wired, on the embedded database; Kafka stood in for, simple rules, a clock that moves by hand."""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import ConsumerRecord

from services.moderation import wiring
from services.moderation.policy.verdict import Finding, Outcome, Verdict
from services.moderation.settings import Settings
from shared.console.accounts import Accounts
from shared.events.decisions import LeakDecided
from shared.events.event import Event
from shared.events.leaks import LeakCancelled, LeakConfirmed
from shared.events.recipients import LeakReported
from shared.events.values import Token
from shared.runtime.service import Service
from shared.seals import purposes
from shared.seals.contents import Message, RecipientAddress, RecipientPseudonyms, ReportDetails
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer
from shared.seals.tokens import take_apart
from tests.component.moderation.receipts import ReceiptKey
from tests.support import keys
from tests.support.fakes.account_log import KeptEntries
from tests.support.fakes.clock import HandClock
from tests.support.fakes.publisher import RecordingPublisher

PASSWORD = "correct horse battery staple"
OURS = {"sec-fetch-site": "same-origin"}
RECIPIENT = "ben@example.org"
DELAY_S = 60.0
PSEUDONYMS = ("1." + "b" * 16 + "." + "c" * 64,)


class Rules:
    """`reject …`, `hold …` and `stumble …` say what happens to them; `broken` breaks the rules for everything."""

    def __init__(self) -> None:
        self.version, self.broken, self.judged = "rules-1", False, 0

    def __call__(self, text: str) -> Verdict:
        self.judged += 1
        if self.broken or text.startswith("stumble"):
            raise RuntimeError(text)
        for word, outcome, policy in (("reject", Outcome.REJECT, "threat"), ("hold", Outcome.HOLD, "harassment")):
            if text.startswith(word):
                finding = Finding(policy, f"{policy}.en.{word}", 0, len(word))
                return Verdict(outcome, policy, (finding,), self.version, "en")
        return Verdict(Outcome.APPROVE, None, (), self.version, "en")


@dataclass
class World:
    """Moderation and everything around it."""

    service: Service
    publisher: RecordingPublisher
    database: Any
    clock: HandClock
    rules: Rules
    secrets: Path
    gateway: Sealer
    audit: Opener
    letters: Opener
    receipt: ReceiptKey = field(default_factory=ReceiptKey)

    def confirmed(self, message: str = "thank you", **changes: Any) -> LeakConfirmed:
        leak_id = changes.pop("leak_id", None) or secrets.token_hex(16)
        fields = {
            "leak_id": leak_id,
            "confirmed_at": self.clock.now,
            "receipt_key": self.receipt.public_key,
            "sealed_recipient": self.gateway.seal(purposes.RECIPIENT, leak_id, RecipientAddress(address=RECIPIENT)),
            "sealed_message": self.gateway.seal(purposes.MESSAGE, leak_id, Message(text=message)),
            "sealed_pseudonyms": self.gateway.seal(
                purposes.PSEUDONYMS, leak_id, RecipientPseudonyms(digests=changes.pop("pseudonyms", PSEUDONYMS))
            ),
            "relation": "friend",
            "kind": "thanks",
            "language": "en",
        }
        return LeakConfirmed.model_validate(fields | changes)

    def cancelled(self, leak: LeakConfirmed) -> LeakCancelled:
        return LeakCancelled(leak_id=leak.leak_id, cancelled_at=self.clock.now)

    def report_token(self, decided: LeakDecided) -> Token:
        """What stands in the report link of an approved leak's mail."""
        return self.letters.open(purposes.REPORT_LINK, decided.leak_id, decided.sealed_report_link or "").token

    def reported(self, token: Token, details: str = "it hurt") -> LeakReported:
        """A used report link, as the gateway publishes it."""
        used = take_apart(token)
        assert used is not None
        return LeakReported(
            sealed_token=used.sealed_token,
            token_digest=used.token_digest,
            reported_at=self.clock.now,
            reason="harassment",
            sealed_details=self.gateway.seal(purposes.REPORT_DETAILS, used.token_digest, ReportDetails(text=details)),
        )

    def twin(self, **settings: Any) -> Service:
        """Another replica on the same database; it takes its delay from the settings."""
        changed = self.service.settings.model_copy(update=settings)
        return wiring.build(
            changed,
            publisher=self.publisher,
            database=self.database,
            clock=self.clock,
            evaluate=self.rules,
        )

    async def tell(self, *events: Event) -> list[Event]:
        """Deliver events of one topic as one batch, under the delivery policy; what moderation published of it."""
        before = len(self.publisher.published)
        topic = events[0].topic
        await self.service.deliveries[topic]([_record(topic, event) for event in events])
        return self.publisher.published[before:]

    async def decide(self, message: str, **changes: Any) -> tuple[LeakConfirmed, LeakDecided]:
        """One leak through the rules."""
        leak = self.confirmed(message, **changes)
        [event] = await self.tell(leak)
        assert isinstance(event, LeakDecided)
        return leak, event

    async def work(self, name: str) -> None:
        """A periodic job, once."""
        await self.service.jobs[name].work()

    def sent(self) -> list[dict[str, Any]]:
        """What went out through the outbox, as JSON."""
        return [json.loads(one.value) for one in self.publisher.sent]

    async def stored(self) -> str:
        """Every document of moderation, as text."""
        names = await self.database.list_collection_names()
        return str([document for name in names for document in await self.database[name].find().to_list(None)])

    def browser(self) -> httpx.AsyncClient:
        """Somebody who is not signed in."""
        transport = httpx.ASGITransport(self.service.listeners[0].config.app)
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9100", headers=OURS)

    async def moderator(self, name: str) -> "Moderator":
        """Somebody who is."""
        browser = self.browser()
        await browser.post("/sign-in", data={"name": name, "password": PASSWORD})
        return Moderator(browser)


@dataclass
class Moderator:
    """A signed-in browser, and what its owner does most."""

    browser: httpx.AsyncClient

    async def take_next(self) -> str:
        """The path of the case now held, or of the queue."""
        return (await self.browser.post("/next")).headers["location"]

    async def see(self, path: str) -> str:
        return (await self.browser.get(path)).text

    async def fence(self, case: str) -> str:
        """Of this person's claim; its words are shown, as they must be before an approval."""
        return (await self.see(f"{case}?show")).split('name="fence" value="')[1].split('"')[0]

    async def act(self, case: str, verb: str, **form: str) -> httpx.Response:
        form = form if "fence" in form else {"fence": await self.fence(case), **form}
        return await self.browser.post(f"{case}/{verb}", data=form)


def _record(topic: str, event: Event) -> ConsumerRecord:
    value = event.model_dump_json(exclude_none=True).encode()
    return ConsumerRecord(topic, 0, 0, 0, 0, event.key.encode(), value, None, len(event.key), len(value), ())


@pytest.fixture
async def world(database: Any, secrets_folder: Path, clock: HandClock) -> World:
    return await _world(database, secrets_folder, clock)


@pytest.fixture
async def own_keys(database: Any, tmp_path: Path, clock: HandClock) -> World:
    """With keys that only this test has, to rotate and revoke."""
    return await _world(database, keys.make(tmp_path), clock)


async def _world(database: Any, secrets_folder: Path, clock: HandClock) -> World:
    settings = Settings(secrets_dir=secrets_folder / "moderation", kafka_security="SASL_PLAINTEXT")
    publisher, rules = RecordingPublisher("moderation"), Rules()
    service = wiring.build(
        settings,
        publisher=publisher,
        database=database,
        clock=clock,
        evaluate=rules,
        delay_s=lambda: DELAY_S,
    )
    await service.prepare()
    return World(
        service,
        publisher,
        database,
        clock,
        rules,
        secrets_folder,
        gateway=keys.sealer(secrets_folder, "gateway-accept", clock),
        audit=keys.opener(secrets_folder, "audit", clock),
        letters=keys.opener(secrets_folder, "mailer-letters", clock),
    )


@pytest.fixture
async def mod_a(world: World) -> AsyncIterator[Moderator]:
    async for moderator in _signed_in(world, "mod-a"):
        yield moderator


@pytest.fixture
async def mod_b(world: World) -> AsyncIterator[Moderator]:
    async for moderator in _signed_in(world, "mod-b"):
        yield moderator


async def _signed_in(world: World, name: str) -> AsyncIterator[Moderator]:
    await Accounts(world.database, world.clock, KeptEntries()).add(name, "moderator", PASSWORD)
    moderator = await world.moderator(name)
    yield moderator
    await moderator.browser.aclose()
