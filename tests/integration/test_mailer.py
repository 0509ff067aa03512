"""The mailer on the real broker and database: repeats, blocks that wait unread, kill -9 on the wire, SIGTERM."""

import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from pymongo import MongoClient

from local.stack import RealParts
from services.mailer.settings import Settings
from services.mailer.tokens import Tokens
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.kafka import Publisher
from shared.runtime.settings import ServiceSettings, settings_config
from shared.sealing import Sealer
from tests.support.fakes.hostile_smtp import HostileSmtp, Trick

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

WITHIN_S = 100
CONNECTIONS = 4
EXCHANGE_S = 1.0


class OtherSettings(ServiceSettings):
    """What it takes to publish, and to seal, as another service."""

    SERVICE: ClassVar[str] = "other"


def settings_of(stack: RealParts, service: str) -> ServiceSettings:
    class Its(OtherSettings):
        SERVICE: ClassVar[str] = service
        model_config = settings_config(f"{service.upper()}_")

    return Its.model_validate(stack.settings(service))


@dataclass
class Outside:
    """Everybody around the mailer: three services that publish, a mail server, and somebody who reads the topics."""

    stack: RealParts
    publishers: dict[str, Publisher]
    sealers: dict[str, Sealer]
    relay: HostileSmtp
    tokens: Tokens

    def decided(self, *, leak_id: str | None = None, recipient: str = "ben@example.org", **changes: Any) -> LeakDecided:
        leak_id, now = leak_id or secrets.token_hex(16), datetime.now(UTC)
        seal = self.sealers["gateway"].seal
        fields: dict[str, Any] = {
            "leak_id": leak_id,
            "revision": 1,
            "outcome": "approved",
            "decided_at": now,
            "automated": True,
            "deliver_at": now,
            "relation": "friend",
            "kind": "crush",
            "language": "en",
            "recipient": seal("recipient", leak_id, recipient.encode()),
            "message": seal("message", leak_id, b"I like you."),
            "recipient_pseudonym": "b" * 64,
            "domain_pseudonym": "c" * 64,
        }
        return LeakDecided.model_validate(fields | changes)

    def challenged(self) -> SenderChallenged:
        challenge_id, now = secrets.token_hex(16), datetime.now(UTC)
        content = {"sender": "anna@example.org", "confirm_token": "c" * 22, "stop_token": "s" * 22}
        return SenderChallenged(
            challenge_id=challenge_id,
            challenged_at=now,
            expires_at=now + timedelta(days=1),
            language="fr",
            challenge=self.sealers["verifier"].seal("challenge", challenge_id, json.dumps(content).encode()),
        )

    def blocked(self, leak: LeakDecided) -> RecipientBlocked:
        return RecipientBlocked(token_digest=self.tokens.block_digest(leak.leak_id), blocked_at=datetime.now(UTC))

    async def publish(self, *events: Event) -> None:
        owners = {LeakDecided: "moderation", SenderChallenged: "verifier"}
        for event in events:
            await self.publishers[owners.get(type(event), "gateway")].publish(event)

    async def mailer(self, **settings: object) -> "subprocess.Popen[bytes]":
        """The mailer as its own process, ready."""
        fast = {
            "smtp_port": self.relay.port,
            "smtp_security": "none",
            "connections": CONNECTIONS,
            "exchange_s": EXCHANGE_S,
            "recipient_daily": 0,
            "domain_daily": 0,
            "poll_every_s": 0.05,
        }
        return await asyncio.to_thread(self.stack.start, "mailer", **(fast | settings))

    async def end(self, process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> None:
        os.killpg(process.pid, how)
        await asyncio.to_thread(process.wait, WITHIN_S)

    def told(self, *models: type[Event]) -> dict[bytes, set[bytes]]:
        """Leak → the different values told about it."""
        found: dict[bytes, set[bytes]] = {}
        for model in models or (LeakDelivered, LeakBounced, LeakSuppressed):
            for key, value, _ in self.stack.read(model.TOPIC):
                found.setdefault(key or b"", set()).add(value or b"")
        return found

    async def unknown_ends(self) -> float:
        port = self.stack.environment("mailer")["MAILER_INTERNAL_PORT"]
        async with httpx.AsyncClient(trust_env=False) as client:
            shown = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        [value] = re.findall(r"^leak_mails_unknown_total (\S+)$", shown, re.MULTILINE)
        return float(value)

    def message_ids(self) -> Counter[bytes]:
        """How often each mail came."""
        return Counter(re.findall(rb"^Message-ID: (\S+)\r$", b"\n".join(self.relay.received), re.MULTILINE))

    def stored(self) -> str:
        with MongoClient[dict[str, Any]](**self.stack.mongo_login("mailer")) as client:
            database = client["mailer"]
            return str([list(database[name].find()) for name in database.list_collection_names()])


@pytest.fixture
async def outside(empty_stack: RealParts) -> AsyncIterator[Outside]:
    others = {name: settings_of(empty_stack, name) for name in ("gateway", "verifier", "moderation")}
    own = Settings.model_validate(empty_stack.settings("mailer"))
    publishers = {name: Publisher(settings) for name, settings in others.items()}
    for publisher in publishers.values():
        await publisher.start()
    sealers = {
        name: Sealer(name, others[name].secret("signing.key"), others[name].keyring())
        for name in ("gateway", "verifier")
    }
    running = len(empty_stack.processes)
    async with HostileSmtp().listening() as relay:
        yield Outside(
            empty_stack, publishers, sealers, relay, Tokens(own.secret("token.key"), own.secret("message-id.key"))
        )
        for process in empty_stack.processes[running:]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                await asyncio.to_thread(process.wait, WITHIN_S)
    for publisher in publishers.values():
        await publisher.stop()


async def until(holds: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not await asyncio.to_thread(holds):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


def recipients(mails: Sequence[bytes]) -> list[str]:
    return sorted(re.findall(rb"^To: (\S+)\r$", mail, re.MULTILINE)[0].decode() for mail in mails)


async def test_every_event_twice_makes_one_mail_each_and_one_end_each(outside: Outside) -> None:
    first, withdrawn = outside.decided(), outside.decided(recipient="carl@example.org")
    cancel = LeakCancelled(leak_id=withdrawn.leak_id, cancelled_at=datetime.now(UTC))
    challenge = outside.challenged()
    await outside.mailer()
    await outside.publish(cancel, cancel)
    await until(lambda: withdrawn.leak_id in outside.stored())
    await outside.publish(withdrawn, withdrawn, first, first, challenge, challenge)
    await until(lambda: len(outside.told()) == 2 and len(outside.relay.received) == 2)
    await outside.publish(outside.blocked(first), outside.blocked(first), first, withdrawn)
    second = outside.decided()
    await outside.publish(second, second)
    await until(lambda: len(outside.told()) == 3)
    assert recipients(outside.relay.received) == ["anna@example.org", "ben@example.org"]
    assert {len(values) for values in outside.told().values()} == {1}
    assert set(outside.told(LeakDelivered)) == {first.leak_id.encode()}
    assert set(outside.told(LeakSuppressed)) == {withdrawn.leak_id.encode(), second.leak_id.encode()}
    assert "lk1." not in outside.stored()
    assert "example.org" not in outside.stored()
    assert b"example.org" not in (outside.stack.layout.paths.logs / "mailer.log").read_bytes()


async def test_after_an_outage_blocks_are_read_before_anything_is_sent(outside: Outside) -> None:
    process = await outside.mailer()
    first = outside.decided()
    await outside.publish(first)
    await until(lambda: len(outside.told(LeakDelivered)) == 1)
    await outside.end(process)
    strangers = [
        RecipientBlocked(token_digest=secrets.token_hex(32), blocked_at=datetime.now(UTC)) for _ in range(2_000)
    ]
    again = [outside.decided() for _ in range(5)]
    other = outside.decided(recipient="other@example.org")
    await outside.publishers["gateway"].publish(*strangers, outside.blocked(first))
    await outside.publish(*again, other)
    await outside.mailer()
    await until(lambda: len(outside.told()) == 7)
    assert set(outside.told(LeakSuppressed)) == {leak.leak_id.encode() for leak in again}
    assert recipients(outside.relay.received) == ["ben@example.org", "other@example.org"]


async def test_killed_between_the_end_of_the_data_and_the_journal(outside: Outside) -> None:
    """The one case that may repeat: with the same Message-ID, once, and counted."""
    outside.relay.plan["END"].append(Trick.SILENCE)
    process = await outside.mailer()
    leak = outside.decided()
    await outside.publish(leak)
    await until(lambda: len(outside.relay.received) == 1)
    await outside.end(process, signal.SIGKILL)
    await outside.mailer()
    await until(lambda: len(outside.told()) == 1)
    assert set(outside.told(LeakDelivered)) == {leak.leak_id.encode()}
    assert list(outside.message_ids().values()) == [2]
    assert await outside.unknown_ends() == 1


async def test_killed_hard_in_the_middle_of_many_nothing_is_lost_and_few_repeat(outside: Outside) -> None:
    leaks = [outside.decided(recipient=f"r{number}@d{number % 20}.example") for number in range(200)]
    kills = 2
    process = await outside.mailer()
    await outside.publishers["moderation"].publish(*leaks)
    for kill in range(kills):
        await until(lambda kill=kill: len(outside.relay.received) >= 60 * (kill + 1))  # type: ignore[misc]
        await outside.end(process, signal.SIGKILL)
        process = await outside.mailer()
    await until(lambda: len(outside.told(LeakDelivered)) == len(leaks))
    came = outside.message_ids()
    assert len(came) == len(leaks)
    assert came.total() - len(leaks) <= kills * CONNECTIONS
    assert {len(values) for values in outside.told().values()} == {1}


async def test_sigterm_in_the_middle_of_many_loses_and_repeats_nothing(outside: Outside) -> None:
    leaks = [outside.decided(recipient=f"r{number}@d{number % 20}.example") for number in range(100)]
    process = await outside.mailer()
    await outside.publishers["moderation"].publish(*leaks)
    await until(lambda: len(outside.relay.received) >= 30)
    await outside.end(process)
    assert process.returncode == 0
    await outside.mailer()
    await until(lambda: len(outside.told(LeakDelivered)) == len(leaks))
    assert set(outside.message_ids().values()) == {1}
    assert len(outside.message_ids()) == len(leaks)


async def test_put_off_and_refused_mails_end_as_they_should(outside: Outside) -> None:
    outside.relay.plan["RCPT"].extend(["451 later", "550 5.1.1 nobody here"])
    await outside.mailer(retry_after_s=[1, 1], connections=1)
    patient = outside.decided(recipient="patient@example.org")
    await outside.publish(patient)
    await until(lambda: "RCPT" in outside.relay.verbs)
    ghost = outside.decided(recipient="ghost@other.example")
    await outside.publish(ghost)
    await until(lambda: len(outside.told()) == 2)
    assert len(outside.told(LeakBounced)) == 1
    assert len(outside.told(LeakDelivered)) == 1
