"""The mailer on the real broker and database: repeats, blocks that wait unread, kill -9 on the wire, SIGTERM."""

import asyncio
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
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.kafka import Publisher
from shared.runtime.settings import ServiceSettings, settings_config
from shared.seals.contents import Challenge, Message, RecipientAddress, ReportLink
from shared.seals.purposes import CHALLENGE, MESSAGE, RECIPIENT, REPORT_LINK
from shared.seals.sealing import Sealer
from shared.seals.tokens import take_apart
from tests.support.fakes.hostile_smtp import HostileSmtp, Trick

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

WITHIN_S = 100
CONNECTIONS = 4
EXCHANGE_S = 1.0


class OtherSettings(ServiceSettings):
    """What it takes to publish, and to seal, as another process."""

    SERVICE: ClassVar[str] = "other"


def settings_of(stack: RealParts, process: str) -> ServiceSettings:
    class Its(OtherSettings):
        SERVICE: ClassVar[str] = process
        model_config = settings_config("OTHER_")

    return Its.model_validate(stack.settings(process))


@dataclass
class Outside:
    """Everybody around the mailer: three processes that publish, a mail server, and somebody who reads the topics."""

    stack: RealParts
    publishers: dict[str, Publisher]
    sealers: dict[str, Sealer]
    relay: HostileSmtp

    def decided(self, *, leak_id: str | None = None, recipient: str = "ben@example.org", **changes: Any) -> LeakDecided:
        leak_id, now = leak_id or secrets.token_hex(16), datetime.now(UTC)
        seal = self.sealers["gateway-accept"].seal
        link = ReportLink(token="r" * 22)
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
            "sealed_note": "n" * 40,
            "sealed_recipient": seal(RECIPIENT, leak_id, RecipientAddress(address=recipient)),
            "sealed_message": seal(MESSAGE, leak_id, Message(text="I like you.")),
            "sealed_report_link": self.sealers["moderation"].seal(REPORT_LINK, leak_id, link),
        }
        return LeakDecided.model_validate(fields | changes)

    def challenged(self, sender: str = "anna@example.org") -> SenderChallenged:
        challenge_id, now = secrets.token_hex(16), datetime.now(UTC)
        content = Challenge(address=sender, confirm_token="c" * 22, stop_token="s" * 22)
        return SenderChallenged(
            challenge_id=challenge_id,
            challenged_at=now,
            expires_at=now + timedelta(days=1),
            language="fr",
            sealed_challenge=self.sealers["verifier"].seal(CHALLENGE, challenge_id, content),
        )

    def blocked(self, recipient: str = "ben@example.org") -> RecipientBlocked:
        """The block link of a mail that came is used."""
        [mail, *_] = [mail for mail in self.relay.received if recipients([mail]) == [recipient]]
        [token] = re.findall(rb"/one-click/([^>]+)>", mail)
        used = take_apart(token.decode())
        assert used is not None
        return RecipientBlocked(
            token_digest=used.token_digest, sealed_token=used.sealed_token, blocked_at=datetime.now(UTC)
        )

    async def publish(self, *events: Event) -> None:
        owners = {LeakDecided: "moderation", SenderChallenged: "verifier"}
        for event in events:
            await self.publishers[owners.get(type(event), "gateway-accept")].publish(event)

    async def mailer(self, role: str = "letters", **settings: object) -> "subprocess.Popen[bytes]":
        """One role of the mailer as its own process, ready."""
        fast = {
            "smtp_port": self.relay.port,
            "smtp_security": "none",
            "connections": CONNECTIONS,
            "exchange_s": EXCHANGE_S,
            "recipient_daily": 0,
            "domain_daily": 0,
            "poll_every_s": 0.05,
        }
        return await asyncio.to_thread(self.stack.start, f"mailer-{role}", **(fast | settings))

    async def end(self, process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> None:
        os.killpg(process.pid, how)
        await asyncio.to_thread(process.wait, WITHIN_S)

    def published(self, *models: type[Event]) -> dict[bytes, set[bytes]]:
        """Leak → the different values published about it."""
        found: dict[bytes, set[bytes]] = {}
        for model in models or (LeakDelivered, LeakBounced, LeakSuppressed, LeakStopped):
            for key, value, _ in self.stack.read(model.TOPIC):
                found.setdefault(key or b"", set()).add(value or b"")
        return found

    async def unknown_ends(self) -> float:
        port = self.stack.environment("mailer-letters")["MAILER_INTERNAL_PORT"]
        async with httpx.AsyncClient(trust_env=False) as client:
            shown = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        [value] = re.findall(r"^leak_mails_unknown_total (\S+)$", shown, re.MULTILINE)
        return float(value)

    def message_ids(self) -> Counter[bytes]:
        """How often each mail came."""
        return Counter(re.findall(rb"^Message-ID: (\S+)\r$", b"\n".join(self.relay.received), re.MULTILINE))

    def stored(self, role: str = "letters") -> str:
        with MongoClient[dict[str, Any]](**self.stack.mongo_login(f"mailer-{role}")) as client:
            database = client[f"mailer-{role}"]
            return str([list(database[name].find()) for name in database.list_collection_names()])


@pytest.fixture
async def outside(empty_stack: RealParts) -> AsyncIterator[Outside]:
    others = {name: settings_of(empty_stack, name) for name in ("gateway-accept", "verifier", "moderation")}
    publishers = {name: Publisher(settings) for name, settings in others.items()}
    for publisher in publishers.values():
        await publisher.start()
    sealers = {name: Sealer(name, settings.keys("signing"), settings.keyring()) for name, settings in others.items()}
    running = len(empty_stack.processes)
    async with HostileSmtp().listening() as relay:
        yield Outside(empty_stack, publishers, sealers, relay)
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


async def test_every_event_twice_makes_one_mail_each_and_one_outcome_each(outside: Outside) -> None:
    first, withdrawn = outside.decided(), outside.decided(recipient="carl@example.org")
    cancel = LeakCancelled(leak_id=withdrawn.leak_id, cancelled_at=datetime.now(UTC))
    challenge = outside.challenged()
    await outside.mailer()
    await outside.mailer("confirmations")
    await outside.publish(cancel, cancel)
    await until(lambda: withdrawn.leak_id in outside.stored())
    await outside.publish(withdrawn, withdrawn, first, first, challenge, challenge)
    await until(lambda: len(outside.published()) == 2 and len(outside.relay.received) == 2)
    await outside.publish(outside.blocked(), outside.blocked(), first, withdrawn)
    second, question = outside.decided(), outside.challenged("Ben+tag@example.org")
    await outside.publish(second, second, question, question)
    await until(lambda: len(outside.published()) == 3)
    await until(lambda: outside.stored("confirmations").count("'outcome'") == 2)
    assert recipients(outside.relay.received) == ["anna@example.org", "ben@example.org"]
    assert {len(values) for values in outside.published().values()} == {1}
    assert set(outside.published(LeakDelivered)) == {first.leak_id.encode()}
    assert set(outside.published(LeakStopped)) == {withdrawn.leak_id.encode()}
    assert set(outside.published(LeakSuppressed)) == {second.leak_id.encode()}
    for role in ("letters", "confirmations"):
        assert "lk1." not in outside.stored(role)
        assert "example.org" not in outside.stored(role)
        assert b"example.org" not in (outside.stack.layout.paths.logs / f"mailer-{role}.log").read_bytes()


async def test_after_an_outage_blocks_are_read_before_anything_is_sent(outside: Outside) -> None:
    process = await outside.mailer()
    first = outside.decided()
    await outside.publish(first)
    await until(lambda: len(outside.published(LeakDelivered)) == 1)
    await outside.end(process)
    strangers = [outside.blocked().model_copy(update={"token_digest": secrets.token_hex(32)}) for _ in range(2_000)]
    again = [outside.decided() for _ in range(5)]
    other = outside.decided(recipient="other@example.org")
    await outside.publishers["gateway-accept"].publish(*strangers, outside.blocked())
    await outside.publish(*again, other)
    await outside.mailer()
    await until(lambda: len(outside.published()) == 7)
    assert set(outside.published(LeakSuppressed)) == {leak.leak_id.encode() for leak in again}
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
    await until(lambda: len(outside.published()) == 1)
    assert set(outside.published(LeakDelivered)) == {leak.leak_id.encode()}
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
    await until(lambda: len(outside.published(LeakDelivered)) == len(leaks))
    came = outside.message_ids()
    assert len(came) == len(leaks)
    assert came.total() - len(leaks) <= kills * CONNECTIONS
    assert {len(values) for values in outside.published().values()} == {1}


async def test_sigterm_in_the_middle_of_many_loses_and_repeats_nothing(outside: Outside) -> None:
    leaks = [outside.decided(recipient=f"r{number}@d{number % 20}.example") for number in range(100)]
    process = await outside.mailer()
    await outside.publishers["moderation"].publish(*leaks)
    await until(lambda: len(outside.relay.received) >= 30)
    await outside.end(process)
    assert process.returncode == 0
    await outside.mailer()
    await until(lambda: len(outside.published(LeakDelivered)) == len(leaks))
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
    await until(lambda: len(outside.published()) == 2)
    assert len(outside.published(LeakBounced)) == 1
    assert len(outside.published(LeakDelivered)) == 1
