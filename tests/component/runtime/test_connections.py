"""Connections are capped, in all and for one network; a flood takes nothing from anybody else."""

import asyncio
import json

from tests.component.runtime.conftest import Client, Serve, Served


async def test_one_network_has_its_share_and_others_are_answered(serve: Serve) -> None:
    served = serve(most_a_network=4)
    held = [await served.connect() for _ in range(4)]
    assert [(await client.ask())[0] for client in held] == [200] * 4
    refused = await served.connect()
    answer = await refused.end()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 10\r\n" in answer
    assert (await (await served.connect("127.0.0.2")).ask())[0] == 200
    assert await served.refused("network_full") == 1


async def test_a_closed_connection_leaves_its_place(serve: Serve) -> None:
    served = serve(most_a_network=4)
    for _ in range(20):
        client = await served.connect()
        assert (await client.ask(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))[0] == 200
        assert await client.end() == b""
    assert await served.refused("network_full") == 0


async def test_one_network_never_has_more_than_half(serve: Serve) -> None:
    served = serve(most=8, most_a_network=100)
    assert await _taken(served, "127.0.0.1", 8) == 4
    assert await _taken(served, "127.0.0.2", 8) == 4
    assert await _taken(served, "127.0.0.3", 1) == 0
    assert await served.refused("full") >= 1


async def test_a_proxys_connections_count_in_all_but_not_for_one_network(serve: Serve) -> None:
    served = serve(most=40, most_a_network=4, proxies=("127.0.0.8/29",))
    assert await _taken(served, "127.0.0.9", 30) == 30
    assert await _taken(served, "127.0.0.1", 10) == 4
    assert await _taken(served, "127.0.0.10", 10) == 6


async def test_connections_end_below_the_limit_of_open_files(serve: Serve) -> None:
    served = serve(files=400)
    assert served.most == 100
    flood = [await served.connect(f"127.0.1.{number % 40 + 1}") for number in range(1_000)]
    # As a service needs them: files for its keys, and its probes.
    assert await served.internally("/file") == '"""A proc'
    taken = sum([await _status(client) == 200 for client in flood])
    assert taken == served.most
    await asyncio.gather(*(client.close() for client in flood))
    async with asyncio.timeout(10):
        while await _taken(served, "127.0.0.1", 1) == 0:  # noqa: ASYNC110  # closed ends are seen when they are
            await asyncio.sleep(0.05)


async def _taken(served: Served, source: str, count: int) -> int:
    clients = [await served.connect(source) for _ in range(count)]
    return sum([await _status(client) == 200 for client in clients])


async def _status(client: Client) -> int:
    try:
        status, body = await client.ask()
    except (ConnectionError, asyncio.IncompleteReadError):
        return 0
    assert status == 503 or json.loads(body)["path"] == "/"
    return status
