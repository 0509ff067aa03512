"""The gateway on the real broker and database: durable before 202, one partition a leak, away and back."""

import asyncio
import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import Consumer, TopicPartition

from local.layout import HOST
from local.stack import RealParts, free_base
from local.until import until
from shared.digests import token_digest
from shared.events.leaks import LeakSubmitted
from shared.events.origins import OriginCaptured
from shared.events.recipients import RecipientBlocked
from shared.events.topics import TOPICS
from shared.seals.form import parse, share
from shared.seals.opening import content_of, unwrap, window_secret
from shared.seals.purposes import ORIGIN
from tests.support import keys

pytestmark = pytest.mark.integration

LEAK = {
    "recipient": "robin@example.com",
    "message": "You sing in the lift.",
    "sender": "alex@example.org",
    "relation": "coworker",
    "consent": True,
}
ROOMY = dict.fromkeys(("limit_submit", "limit_act", "limit_status"), "100000 per 10 minutes")


@dataclass
class Running:
    """A gateway process and where it answers."""

    parts: RealParts
    url: str
    process: Any
    # One for all requests: making a client costs more than a leak does.
    client: httpx.Client

    def send(self) -> httpx.Response:
        return self.client.post("/v1/leaks", json=LEAK)

    def status(self, receipt: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {receipt}"}
        return self.client.get("/v1/leaks/mine", headers=headers)

    def values(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(value) for _, value, _ in self.parts.read(topic) if value]


@pytest.fixture
def gateway(empty_stack: RealParts) -> Iterator[Running]:
    base = free_base()
    process = empty_stack.start("gateway-accept", port=base, internal_port=base + 1, **ROOMY)
    reader = empty_stack.start("gateway-status", internal_port=base + 2)
    url = f"http://{HOST}:{base}"
    until(lambda: _listens(url), "the gateway listens", process)
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield Running(empty_stack, url, process, client)
    for one in (process, reader):
        if one.poll() is None:
            one.send_signal(signal.SIGTERM)
            assert one.wait(30) == 0


def _listens(url: str) -> bool:
    try:
        return httpx.get(f"{url}/openapi.json", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def test_what_was_answered_202_is_durable_with_its_origin(gateway: Running):
    with ThreadPoolExecutor(16) as pool:
        answers = [answer.json() for answer in pool.map(lambda _: gateway.send(), range(200))]
    origins, leaks = gateway.values(OriginCaptured.TOPIC), gateway.values(LeakSubmitted.TOPIC)
    ids = {answer["leak_id"] for answer in answers}
    assert len(ids) == 200
    assert {leak["leak_id"] for leak in leaks} == {origin["leak_id"] for origin in origins} == ids


def test_audit_opens_the_port_of_the_clients_own_connection(gateway: Running):
    answer = gateway.client.post("/v1/leaks", json=LEAK, headers={"x-forwarded-for": "6.6.6.6"})
    port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
    [captured] = gateway.values(OriginCaptured.TOPIC)
    assert captured["leak_id"] == answer.json()["leak_id"]
    seal = parse(captured["sealed_origin"])
    secret = window_secret(
        keys.keys_of(gateway.parts.layout.paths.secrets, "audit", "opening"), *seal.sealed_secret("audit")
    )
    origin = content_of(ORIGIN, unwrap(seal, captured["leak_id"], {"audit": share(secret, "origin", seal.record_id)}))
    assert (origin.ip, origin.port, origin.obtained) == (HOST, port, "socket")
    assert origin.destination_port == int(gateway.url.rpartition(":")[2])


def test_prebuilt_batches_use_the_partition_that_the_key_has_everywhere(gateway: Running):
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: gateway.send(), range(64)))
    partitions = list(range(TOPICS[LeakSubmitted.TOPIC].partitions))
    expected = DefaultPartitioner()
    seen = set()
    for topic in (OriginCaptured.TOPIC, LeakSubmitted.TOPIC):
        for key, partition in _placed(gateway.parts, topic):
            assert partition == expected(key, partitions, partitions)
            seen.add(partition)
    assert len(seen) > 1


def test_a_record_of_the_hot_route_is_the_event_that_the_contract_describes(gateway: Running):
    gateway.send()
    for model in (OriginCaptured, LeakSubmitted):
        [(key, value, headers)] = gateway.parts.read(model.TOPIC)
        event = model.model_validate_json(value or b"")
        assert key == event.key.encode()
        assert headers["ce_id"] == event.event_id.encode()
        assert headers["ce_type"] == model.TOPIC.encode()
        assert headers["ce_source"] == b"/leak/gateway-accept"
        assert headers["content-type"] == b"application/json"


def test_a_receipt_shows_its_leak_seconds_after_it_was_sent(gateway: Running):
    receipt = gateway.send().json()["receipt"]
    until(lambda: gateway.status(receipt).status_code == 200, "the gateway reads its own event", gateway.process)
    assert gateway.status(receipt).json()["state"] == "awaiting_confirmation"


def test_a_block_is_told_by_digest(gateway: Running):
    secret = "A" * 22
    token = f"{'0' * 16}.{'B' * 40}.{secret}"
    gateway.client.post("/v1/blocks", json={"token": token}).raise_for_status()
    assert [event["token_digest"] for event in gateway.values(RecipientBlocked.TOPIC)] == [token_digest(secret)]


def test_while_kafka_is_frozen_the_answer_is_503_and_afterwards_leaks_go_on(gateway: Running):
    assert gateway.send().status_code == 202
    kafka = next(process for process in gateway.parts.processes if b"kafka" in _command(process.pid))
    kafka.send_signal(signal.SIGSTOP)
    try:
        refused = gateway.send()
    finally:
        kafka.send_signal(signal.SIGCONT)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    until(lambda: gateway.send().status_code == 202, "leaks go on", gateway.process)


def test_a_sigterm_loses_no_accepted_leak(gateway: Running):
    async def storm() -> list[str]:
        limits = httpx.Limits(max_connections=32)
        async with httpx.AsyncClient(limits=limits, timeout=30, trust_env=False) as client:
            tasks = [asyncio.create_task(client.post(f"{gateway.url}/v1/leaks", json=LEAK)) for _ in range(600)]
            await asyncio.wait(tasks[:100])
            gateway.process.send_signal(signal.SIGTERM)
            done = await asyncio.gather(*tasks, return_exceptions=True)
        return [one.json()["leak_id"] for one in done if isinstance(one, httpx.Response) and one.status_code == 202]

    accepted = set(asyncio.run(storm()))
    assert gateway.process.wait(30) == 0
    assert len(accepted) >= 100
    assert accepted <= {leak["leak_id"] for leak in gateway.values(LeakSubmitted.TOPIC)}


def _placed(parts: RealParts, topic: str) -> list[tuple[bytes, int]]:
    login = parts.librdkafka_login("admin")
    consumer = Consumer({**login, "group.id": "placed", "auto.offset.reset": "earliest", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(TOPICS[topic].partitions)])
        placed = []
        while (message := consumer.poll(5)) is not None:
            if message.error() is None:
                placed.append((message.key(), message.partition()))
        return placed
    finally:
        consumer.close()


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_body_of_megabytes_is_answered_not_cut_off(gateway: Running) -> None:
    for content in (b" " * 10_000_000, iter([b" " * 1_000_000] * 10)):
        answer = gateway.client.post("/v1/leaks", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
