"""The public port as the network sees it: real sockets, from addresses of the loopback network."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.component.gateway.conftest import LEAK, World

TEN_MEGABYTES = 10 * 1024 * 1024
JSON = {"content-type": "application/json"}


@pytest.fixture
def overrides() -> dict[str, Any]:
    return {"port": 0, "connections_a_network": 4, "trusted_proxies": "127.0.0.9"}


def caller(port: int, source: str = "127.0.0.1") -> httpx.AsyncClient:
    """A program at this address."""
    transport = httpx.AsyncHTTPTransport(local_address=source)
    return httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{port}", timeout=20)


async def status_of(port: int, head: bytes, source: str = "127.0.0.1") -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(head)
    answer = await reader.readline()
    writer.close()
    return int(answer.split()[1])


async def test_a_leak_is_accepted(world: World):
    async with world.listening() as port, caller(port) as client:
        for _ in range(3):
            assert (await client.post("/v1/leaks", json=LEAK)).status_code == 202


async def test_a_body_of_10_megabytes_is_refused_in_words(world: World):
    async with world.listening() as port:
        for path in ("/v1/leaks", "/leaks"):
            async with caller(port) as client:
                answer = await client.post(path, content=b"a" * TEN_MEGABYTES, headers=JSON)
            assert answer.status_code == 413
            assert answer.json()["type"] == "urn:leak:problem:too-large"


async def test_a_chunked_leak_is_accepted(world: World):
    async def chunks():
        for part in json.dumps(LEAK).split(" "):
            yield f"{part} ".encode()

    async with world.listening() as port, caller(port) as client:
        assert (await client.post("/v1/leaks", content=chunks(), headers=JSON)).status_code == 202


async def test_a_request_names_one_host(world: World):
    async with world.listening() as port:
        for hosts, expected in (
            (b"", 400),
            (b"host: localhost\r\nhost: localhost\r\n", 400),
            (b"host: localhost\r\nHost: evil.example\r\n", 400),
            (b"host: evil.example\r\n", 421),
            (b"host: localhost\r\n", 200),
        ):
            assert await status_of(port, b"GET /about HTTP/1.1\r\n" + hosts + b"\r\n") == expected


async def test_a_head_is_bounded(world: World):
    async with world.listening() as port:
        head = b"GET /about HTTP/1.1\r\nhost: localhost\r\nx: " + b"a" * 70_000 + b"\r\n\r\n"
        assert await status_of(port, head) == 431


async def test_a_trusted_proxy_brings_many_people_and_a_stranger_is_one(world: World):
    head = b"GET /about HTTP/1.1\r\nhost: localhost\r\n\r\n"

    async def taken(port: int, source: str) -> list[int]:
        held = [await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)) for _ in range(6)]
        statuses = []
        for reader, writer in held:
            writer.write(head)
            statuses.append(int((await reader.readline()).split()[1]))
        for _, writer in held:
            writer.close()
        return sorted(statuses)

    async with world.listening() as port:
        assert await taken(port, "127.0.0.9") == [200] * 6
        assert await taken(port, "127.0.0.1") == [200] * 4 + [503] * 2


async def test_a_trailer_is_no_word_of_a_proxy(world: World):
    body = json.dumps(LEAK).encode()
    chunk = b"%x\r\n%s\r\n0\r\nx-forwarded-for: 192.0.2.66:6\r\n\r\n" % (len(body), body)
    head = (
        b"POST /v1/leaks HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"x-forwarded-for: 192.0.2.7:7\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    async with world.listening() as port:
        assert await status_of(port, head + chunk, "127.0.0.9") == 202
    [captured] = world.origins()
    origin = world.origin(captured)
    assert (origin.ip, origin.port) == ("192.0.2.7", 7)
