"""Limits at the door, API clients, the reference, and how they show themselves."""

import re
from typing import Any

import pytest

from services.gateway.clients import run
from services.gateway.store import ApiClients
from shared.events.origins import OriginCaptured
from tests.component.gateway.conftest import LEAK, World


@pytest.fixture
def overrides() -> dict[str, Any]:
    return {
        "limit_submit": "3 per 10 minutes",
        "limit_preview": "3 per 10 minutes",
        "limit_act": "3 per 10 minutes",
        "limit_status": "3 per 10 minutes",
        "limit_client": "5 per 10 minutes",
    }


async def client_key(world: World, name: str = "newsroom") -> str:
    code, key = await run(ApiClients(world.database), "add", name)
    assert code == 0
    return key


async def test_a_429_depends_on_the_origin_alone(world: World):
    for number in range(3):
        assert (await world.send({**LEAK, "recipient": f"r{number}@example.com"})).status_code == 202
    refused = await world.send({**LEAK, "sender": "somebody-else@example.net"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 601
    assert refused.json()["type"] == "urn:leak:problem:too-many"
    assert (await world.send(socket_peer=("198.51.100.24", 1))).status_code == 202


async def test_a_limited_origin_is_not_captured(world: World):
    for _ in range(5):
        await world.send()
    assert len(world.sent(OriginCaptured.TOPIC)) == 3


async def test_every_act_has_its_limit(world: World):
    async with world.client() as client:
        acts = [(await client.post("/v1/blocks", json={"token": "x"})).status_code for _ in range(4)]
        looks = [
            (await client.get("/v1/leaks/mine", headers={"authorization": "Bearer x"})).status_code for _ in range(4)
        ]
    assert (acts, looks) == ([202] * 3 + [429], [404] * 3 + [429])


async def test_an_api_client_has_limits_of_its_own_and_states_its_users_address(world: World):
    key = await client_key(world)
    headers = {"leak-client-key": key, "leak-client-address": "[2001:db8::7]:50123"}
    answers = [await world.send(headers=headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    origin = world.origin(world.origins()[0])
    assert (origin.ip, origin.port) == ("198.51.100.23", 54321)
    assert origin.claimed_ip == "[2001:db8::7]:50123"
    assert (await world.send()).status_code == 202


async def test_without_a_client_key_a_claimed_address_is_not_recorded(world: World):
    await world.send(headers={"leak-client-address": "192.0.2.7"})
    assert world.origin(world.origins()[0]).claimed_ip is None


async def test_a_claimed_address_that_is_none_is_refused(world: World):
    key = await client_key(world)
    for claimed in ("somewhere", "192.0.2.7:0", ""):
        response = await world.send(headers={"leak-client-key": key, "leak-client-address": claimed})
        assert response.status_code == 400
        assert response.json()["type"] == "urn:leak:problem:bad-client-address"


@pytest.mark.parametrize("key", ["", "guess", "lk_" + "A" * 43])
async def test_a_key_that_nobody_holds_is_refused(world: World, key: str):
    assert (await world.send(headers={"leak-client-key": key})).status_code == 401
    assert not world.publisher.sent


async def test_keys_that_nobody_holds_count_for_their_origin(world: World):
    key = await client_key(world)
    guesses = [f"lk_{number:043d}" for number in range(5)]
    answers = [await world.send(headers={"leak-client-key": guess}) for guess in guesses]
    assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 601
    assert (await world.send()).status_code == 429
    # Who holds a key has a limit of its own, and other origins have theirs.
    assert (await world.send(headers={"leak-client-key": key})).status_code == 202
    assert (await world.send(socket_peer=("198.51.100.24", 1))).status_code == 202


async def test_previews_have_a_limit_that_depends_on_the_origin_alone(world: World):
    async with world.client() as client:
        for number in range(3):
            typed = {**LEAK, "recipient": f"r{number}@example.com", "consent": "yes"}
            assert (await client.post("/preview", data=typed)).status_code == 200
        for then in ("", "edit"):
            refused = await client.post("/preview", data={**LEAK, "consent": "yes", "then": then})
            assert refused.status_code == 429
            assert 1 <= int(refused.headers["retry-after"]) <= 601
    async with world.client(("198.51.100.24", 1)) as other:
        assert (await other.post("/preview", data={**LEAK, "consent": "yes"})).status_code == 200
    assert (await world.send()).status_code == 202


async def test_the_operators_verb_adds_lists_and_removes_clients(world: World):
    kept = ApiClients(world.database)
    key = await client_key(world)
    assert re.fullmatch(r"lk_[A-Za-z0-9_-]{43}", key)
    assert key not in await world.stored()
    assert (await run(kept, "add", "newsroom"))[0] == 1
    assert (await run(kept, "add", "Bad Name"))[0] == 2
    assert await run(kept, "list", "") == (0, "newsroom")
    assert (await run(kept, "remove", "newsroom"))[0] == 0
    assert (await run(kept, "remove", "newsroom"))[0] == 1
    assert (await world.send(headers={"leak-client-key": key})).status_code == 401


async def test_the_reference_needs_no_third_party(world: World):
    async with world.client() as client:
        page = await client.get("/docs")
        assert page.status_code == 200
        linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert linked
        for path in linked:
            assert path.startswith("/")
            assert (await client.get(path)).status_code == 200
        assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("script-src")[1].split(";")[0]
        # Else a browser asks for /favicon.ico.
        icon = re.search(r'<link rel="icon" [^>]*href="([^"]*)"', page.text)
        assert icon
        assert (await client.get(icon.group(1))).headers["content-type"] == "image/svg+xml"
        assert (await client.get("/docs/settings.py")).status_code == 404


async def test_the_openapi_document_tells_every_operation(world: World):
    async with world.client() as client:
        document = (await client.get("/openapi.json")).json()
    assert {(path, method) for path, operations in document["paths"].items() for method in operations} == {
        ("/v1/leaks", "post"),
        ("/v1/leaks/mine", "get"),
        ("/v1/leaks/mine", "delete"),
        ("/v1/confirmations", "post"),
        ("/v1/stops", "post"),
        ("/v1/blocks", "post"),
        ("/v1/reports", "post"),
    }
    assert set(document["components"]["schemas"]["LeakRequest"]["properties"]) == {
        "recipient",
        "message",
        "sender",
        "relation",
        "kind",
        "language",
        "allow_reply",
        "consent",
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            refused = [answer for status, answer in operation["responses"].items() if status >= "4"]
            assert all("application/problem+json" in answer["content"] for answer in refused)
            assert {"429", "503"} <= set(operation["responses"])


async def test_every_reference_in_the_openapi_document_leads_somewhere(world: World):
    async with world.client() as client:
        response = await client.get("/openapi.json")
    document = response.json()
    for name in re.findall(r'"#/components/schemas/([^"]+)"', response.text):
        assert name in document["components"]["schemas"]
