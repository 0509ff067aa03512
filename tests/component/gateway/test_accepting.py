"""Accepting a leak: the origin first, everything sealed, one receipt; or nothing at all."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.gateway.accept import content_digest
from services.gateway.receipts import Receipt
from shared.digests import sha256, to_base64url
from shared.events.leaks import LeakSubmitted
from shared.events.origins import OriginCaptured
from shared.seals import purposes
from tests.component.gateway.conftest import LEAK, World

RANDOM = to_base64url(bytes(range(24)))


def key_of(day: datetime) -> str:
    return f"{day:%Y%m%d}-{RANDOM}"


async def test_an_accepted_leak_answers_with_its_receipt(world: World):
    response = await world.send()
    assert response.status_code == 202
    answer = response.json()
    assert set(answer) == {"leak_id", "receipt", "state", "confirm_before"}
    assert answer["state"] == "awaiting_confirmation"
    receipt = Receipt.read(answer["receipt"])
    assert receipt is not None
    assert receipt.leak_id == answer["leak_id"]
    assert response.headers["cache-control"] == "no-store"


async def test_the_origin_is_durable_before_the_leak_is_sent(world: World):
    await world.send()
    assert [record.topic for record in world.publisher.sent] == [OriginCaptured.TOPIC, LeakSubmitted.TOPIC]
    [origin], [leak] = world.sent(OriginCaptured.TOPIC), world.sent(LeakSubmitted.TOPIC)
    assert origin["leak_id"] == leak["leak_id"]


async def test_an_origin_that_cannot_be_kept_lets_no_leak_out(world: World):
    world.publisher.away = True
    response = await world.send()
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["type"] == "urn:leak:problem:unavailable"
    assert not world.publisher.sent


async def test_a_leak_that_cannot_follow_its_origin_is_answered_503(world: World):
    class OriginsOnly:
        async def send(self, records: Any) -> None:
            if records[0].topic != OriginCaptured.TOPIC:
                raise OSError
            world.publisher.sent.extend(records)

    world.app._app._app.submit._acts._acceptor._intake._sender = OriginsOnly()
    assert (await world.send()).status_code == 503
    assert [record.topic for record in world.publisher.sent] == [OriginCaptured.TOPIC]


@pytest.mark.parametrize("missing", ["signing.json", "receipt.json", "pseudonym.json", "keyring.json"])
async def test_without_one_of_its_keys_the_gateway_accepts_nothing(world: World, tmp_path: Any, missing: str):
    for path in world.settings.secrets_dir.iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_text(path.read_text())
    response = await world.with_secrets(tmp_path).send()
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assert not world.publisher.sent


async def test_a_keyring_without_a_reader_accepts_nothing(world: World, tmp_path: Any):
    for path in world.settings.secrets_dir.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    ring = json.loads((tmp_path / "keyring.json").read_text())
    del ring["opening"]["audit"]
    (tmp_path / "keyring.json").write_text(json.dumps(ring))
    assert (await world.with_secrets(tmp_path).send()).status_code == 503
    assert not world.publisher.sent


async def test_audit_opens_the_true_address_port_and_sender(world: World):
    answer = (await world.send(socket_peer=("198.51.100.77", 40001))).json()
    [captured] = world.origins()
    assert captured.leak_id == answer["leak_id"]
    origin = world.origin(captured)
    assert (origin.ip, origin.port, origin.obtained) == ("198.51.100.77", 40001, "socket")
    assert (origin.sender, origin.claimed_ip) == (LEAK["sender"], None)
    assert origin.content_digest == content_digest(LEAK["message"], LEAK["recipient"])
    assert world.sent(OriginCaptured.TOPIC)[0]["captured_at"].endswith(".000000Z")


async def test_each_reader_opens_its_own_part_and_nothing_stands_in_clear(world: World):
    leak_id = (await world.send()).json()["leak_id"]
    [told] = world.sent(LeakSubmitted.TOPIC)
    verifier, letters, moderation = map(world.opener, ("verifier", "mailer-letters", "moderation"))
    assert verifier.open(purposes.SENDER, leak_id, told["sealed_sender"]).address == LEAK["sender"]
    assert letters.open(purposes.RECIPIENT, leak_id, told["sealed_recipient"]).address == LEAK["recipient"]
    assert letters.open(purposes.MESSAGE, leak_id, told["sealed_message"]).text == LEAK["message"]
    assert moderation.open(purposes.MESSAGE, leak_id, told["sealed_message"]).text == LEAK["message"]
    for record in world.publisher.sent:
        raw = str(record)
        for secret in (LEAK["sender"], LEAK["recipient"], LEAK["message"], "198.51.100.23", sha256(LEAK["recipient"])):
            assert secret not in raw


async def test_pseudonyms_meet_every_spelling_of_an_address(world: World):
    for spelling in ("Robin@Example.com", "robin+leak@example.com", " robin@EXAMPLE.COM "):
        assert (await world.send({**LEAK, "recipient": spelling})).status_code == 202
    told = world.sent(LeakSubmitted.TOPIC)
    moderation = world.opener("moderation")
    opened = [moderation.open(purposes.PSEUDONYMS, event["leak_id"], event["sealed_pseudonyms"]) for event in told]
    assert len({content.digests for content in opened}) == 1


async def test_two_leaks_to_one_recipient_share_no_field(world: World):
    for _ in range(2):
        await world.send()
    one, other = world.sent(LeakSubmitted.TOPIC)
    chosen = {"submitted_at", "confirm_before", "relation", "kind", "language"}
    assert [name for name in one if one[name] == other[name] and name not in chosen] == []
    headers = [dict(record.headers) for record in world.publisher.sent if record.topic == LeakSubmitted.TOPIC]
    assert headers[0]["ce_id"] != headers[1]["ce_id"]


async def test_the_same_idempotency_key_and_request_is_the_same_leak_with_an_origin_each(world: World):
    first = (await world.send(headers={"idempotency-key": key_of(world.clock.now)})).json()
    again = (
        await world.send(headers={"idempotency-key": key_of(world.clock.now)}, socket_peer=("203.0.113.9", 9))
    ).json()
    assert (first["leak_id"], first["receipt"]) == (again["leak_id"], again["receipt"])
    addresses = [world.origin(captured).ip for captured in world.origins()]
    assert addresses == ["198.51.100.23", "203.0.113.9"]
    submitted = [LeakSubmitted.model_validate(event) for event in world.sent(LeakSubmitted.TOPIC)]
    assert len({event.event_id for event in submitted}) == 1
    assert len({event.receipt_key for event in submitted}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"message": "another"},
        {"recipient": "other@example.com"},
        {"sender": "other@example.com"},
        {"kind": "joke"},
        {"relation": "friend"},
        {"language": "fr"},
    ],
)
async def test_the_same_idempotency_key_with_another_request_is_another_leak(world: World, change: dict[str, str]):
    first = (await world.send(headers={"idempotency-key": key_of(world.clock.now)})).json()
    other = (await world.send({**LEAK, **change}, headers={"idempotency-key": key_of(world.clock.now)})).json()
    assert first["leak_id"] != other["leak_id"]


async def test_without_an_idempotency_key_every_request_is_a_leak_of_its_own(world: World):
    assert (await world.send()).json()["leak_id"] != (await world.send()).json()["leak_id"]


WEAK = ["", "short", RANDOM[:21], "a" * 22, "ab" * 20, "a" * 201, "spaces in the middle of it", "é" * 22]


@pytest.mark.parametrize("weak", WEAK)
async def test_an_idempotency_key_too_weak_for_128_bits_is_refused(world: World, weak: str):
    response = await world.send(headers={"idempotency-key": f"{world.clock.now:%Y%m%d}-{weak}".encode()})
    assert response.status_code == 400
    assert not world.publisher.sent


async def test_an_idempotency_key_is_taken_on_its_day_and_the_next(world: World):
    for days in (-1, 0, 1):
        key = key_of(world.clock.now + timedelta(days=days))
        assert (await world.send(headers={"idempotency-key": key})).status_code == 202


async def test_an_idempotency_key_is_bound_to_its_user(world: World):
    key = key_of(world.clock.now)
    client = {"idempotency-key": key, "leak-client-key": await world.api_client("newsroom")}
    ours, theirs = (
        (await world.send(headers={"idempotency-key": key})).json(),
        (await world.send(headers=client)).json(),
    )
    assert ours["receipt"] != theirs["receipt"]


OLD = [RANDOM, f"20200101-{RANDOM}", f"20269901-{RANDOM}", f"29990101-{RANDOM}"]


@pytest.mark.parametrize("key", OLD)
async def test_an_idempotency_key_of_another_day_is_refused(world: World, key: str):
    response = await world.send(headers={"idempotency-key": key.encode()})
    assert response.status_code == 400
    assert response.json()["type"] == "urn:leak:problem:bad-idempotency-key"
    assert not world.publisher.sent


async def test_a_submission_that_is_not_json_is_refused_so_no_other_site_can_send_it(world: World):
    body = json.dumps(LEAK)
    async with world.client() as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            response = await client.post("/v1/leaks", content=body, headers={"content-type": kind})
            assert response.status_code == 415
    assert not world.publisher.sent


async def test_a_body_over_32_kilobytes_is_refused_announced_or_not(world: World):
    async def trickle():
        for _ in range(40):
            yield b" " * 1024

    async with world.client() as client:
        announced = await client.post("/v1/leaks", content=b" " * 40_000, headers={"content-type": "application/json"})
        chunked = await client.post("/v1/leaks", content=trickle(), headers={"content-type": "application/json"})
    for response in (announced, chunked):
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"


async def test_a_get_or_head_never_sends_a_leak(world: World):
    async with world.client() as client:
        for method in ("GET", "HEAD", "PUT", "PATCH", "OPTIONS"):
            response = await client.request(method, "/v1/leaks", json=LEAK)
            assert response.status_code == 405
            assert response.headers["allow"] == "POST"
            assert "access-control-allow-origin" not in response.headers
    assert not world.publisher.sent


async def test_a_request_for_another_host_is_refused(world: World):
    async with world.client() as client:
        response = await client.post("/v1/leaks", json=LEAK, headers={"host": "evil.example"})
    assert response.status_code == 421
    assert "evil" not in response.text


async def test_a_caller_behind_a_unix_socket_is_refused_since_it_has_no_origin(world: World):
    transport = httpx.ASGITransport(world.app, client=("", 0))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.post("/v1/leaks", json=LEAK)).status_code == 503


async def test_what_the_gateway_stores_of_a_leak_is_its_times_alone(world: World):
    accepted = await world.accepted()
    stored = await world.stored()
    assert accepted["leak_id"] in stored
    assert accepted["event"]["receipt_key"] not in stored
    assert not re.search(r"lk1\.|@|198\.51", stored)
