"""Whole lives: accepted over HTTP, confirmed with the token from its mail, judged, mailed to a real mail server."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import psutil
from aiokafka import AIOKafkaConsumer

from bench import postfix
from bench.accept import UNLIMITED
from bench.measure import Figures, percentile, spread
from bench.seals import MESSAGE
from bench.traffic import settings_of
from local.stack import RealParts
from shared.events.confirmations import SenderChallenged
from shared.events.topics import PROCESSES
from shared.seals import purposes
from shared.seals.opening import Opener

CONNECTIONS = 16
SERVERS = ("kafka", "database", "audit-database", "smtp-sink")
"""In the order in which they were started."""
UNDER_WAY = 300
"""Leaks accepted and not yet delivered: the load waits at this bound, so that lag stays flat."""


def run(parts: RealParts, *, long: bool) -> Figures:
    """Leaks a second, and the time from approval to the 250."""
    count, rounds = (6_000, 3) if long else (600, 3)
    port = postfix.sink(parts)
    processes = dict(zip(SERVERS, parts.processes, strict=True))
    settings: dict[str, dict[str, object]] = {
        "gateway-accept": {"limit_submit": UNLIMITED, "limit_act": UNLIMITED},
        "verifier": {"confirmation_mails_a_day": 0, "confirmed_leaks_a_day": 0},
        "moderation": {"delay_max_s": 0},
        "mailer-letters": {"smtp_port": port, "recipient_daily": 0, "domain_daily": 0},
        "mailer-confirmations": {"smtp_port": port},
    }
    for name in PROCESSES:
        processes[name] = parts.start(name, **settings.get(name, {}))
    asyncio.run(_Load(parts, 100).run())  # the first round warms up
    warm = len(_waits(parts))
    before = _cpu_seconds(processes)
    rates = [asyncio.run(_Load(parts, count).run()) for _ in range(rounds)]
    after = _cpu_seconds(processes)
    waits = _waits(parts)[warm:]
    asyncio.run(_Load(parts, 50, under_way=1).run())
    unloaded = _waits(parts)[warm + len(waits) :]
    return {
        "aim_a_second": 150,
        "leaks_a_second": spread(rates),
        "leaks": count * rounds,
        "approval_to_250_ms": {"p50": percentile(waits, 0.5), "p99": percentile(waits, 0.99)},
        "cpu_us_a_leak": {name: round((after[name] - before[name]) / (count * rounds) * 1e6) for name in after},
        "unloaded_approval_to_250_ms": {"p50": percentile(unloaded, 0.5), "p99": percentile(unloaded, 0.99)},
    }


def _cpu_seconds(processes: Mapping[str, "subprocess.Popen[bytes]"]) -> dict[str, float]:
    """What each has used so far; `load` is this process: the people, and whoever reads topics for them."""
    pids = {name: process.pid for name, process in processes.items()} | {"load": os.getpid()}
    return {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in pids.items()}


def _waits(parts: RealParts) -> list[float]:
    """Milliseconds from each approval to its delivery, in the order of delivery."""

    def moments(topic: str, field: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, datetime]:
        told = [json.loads(value or b"") for _, value, _ in parts.read(topic)]
        return {one["leak_id"]: datetime.fromisoformat(one[field]) for one in told if wanted(one)}

    approved = moments("leak.decided.v1", "decided_at", lambda one: one["outcome"] == "approved")
    delivered = moments("leak.delivered.v1", "delivered_at", lambda _: True)
    return [
        round((at - approved[leak_id]).total_seconds() * 1_000, 1)
        for leak_id, at in sorted(delivered.items(), key=lambda one: one[1])
    ]


class _Load:
    """People who write, read their confirmation mail, and press the button."""

    def __init__(self, parts: RealParts, count: int, under_way: int = UNDER_WAY) -> None:
        self._parts = parts
        self._count = count
        self._room = asyncio.Semaphore(under_way)
        # No more than are busy: the gateway closes a connection that rests for some seconds.
        self._people = min(CONNECTIONS, under_way)
        self._port = parts.layout.ports["gateway"]
        self._clicks: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> float:
        """Leaks a second, from the first request to the last delivery."""
        settings = settings_of(self._parts, "mailer-confirmations")
        opener = Opener("mailer-confirmations", settings.keys("opening"), settings.keyring())
        login = {**self._parts.kafka_login("admin"), "auto_offset_reset": "latest"}
        challenges = AIOKafkaConsumer("sender.challenged.v1", **login)
        deliveries = AIOKafkaConsumer("leak.delivered.v1", **login)
        for consumer in (challenges, deliveries):
            await consumer.start()
            await consumer.seek_to_end()
            for partition in consumer.assignment():
                await consumer.position(partition)
        began = time.perf_counter()
        numbers = iter(range(self._count))
        try:
            # A group, so that a person who fails ends the benchmark instead of being waited for.
            async with asyncio.TaskGroup() as people:
                tasks = [people.create_task(self._read_mail(challenges, opener))]
                tasks += [people.create_task(self._click()) for _ in range(self._people)]
                tasks += [people.create_task(self._write(numbers)) for _ in range(self._people)]
                await self._await_deliveries(deliveries)
                took_s = time.perf_counter() - began
                for task in tasks:
                    task.cancel()
        finally:
            await challenges.stop()
            await deliveries.stop()
        return self._count / took_s

    async def _write(self, numbers: Any) -> None:
        connection = await _Connection.open(self._port)
        for number in numbers:
            await self._room.acquire()
            await connection.post(
                "/v1/leaks",
                {
                    "recipient": f"r{number}@d{number % 97}.example.org",
                    "message": MESSAGE,
                    "sender": f"s{number}@example.net",
                    "relation": "friend",
                    "kind": "thanks",
                    "consent": True,
                },
            )

    async def _read_mail(self, challenges: AIOKafkaConsumer, opener: Opener) -> None:
        # The token as the mailer reads it to write the mail: the sink keeps no mail to read it from.
        async for record in challenges:
            event = SenderChallenged.model_validate_json(record.value)
            challenge = opener.open(purposes.CHALLENGE, event.challenge_id, event.sealed_challenge)
            self._clicks.put_nowait(challenge.confirm_token)

    async def _click(self) -> None:
        connection = await _Connection.open(self._port)
        while True:
            await connection.post("/v1/confirmations", {"token": await self._clicks.get()})

    async def _await_deliveries(self, deliveries: AIOKafkaConsumer) -> None:
        delivered = 0
        while delivered < self._count:
            for records in (await deliveries.getmany(timeout_ms=1_000)).values():
                delivered += len(records)
                for _ in records:
                    self._room.release()


class _Connection:
    """A kept HTTP/1.1 connection; a client library would take more of the two cores than the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        self._reader = reader
        self._writer = writer
        self._port = port

    @classmethod
    async def open(cls, port: int) -> "_Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port), port)

    async def post(self, path: str, body: dict[str, object]) -> None:
        """Send, and read a 202 whole; anything else ends the benchmark."""
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\n\r\n"
        )
        self._writer.write(head.encode() + content)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if b" 202 " not in answer.split(b"\r\n", 1)[0]:
            raise AssertionError(answer.split(b"\r\n", 1)[0].decode())
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.partition(b":")[2]))
