"""A head of a request is at most 64 KiB and 10 s, counted before it is complete."""

import asyncio
import resource
import time
from collections.abc import Awaitable

import pytest

from tests.component.runtime.conftest import Client, Serve

BEGUN = b"GET / HTTP/1.1\r\nhost: localhost\r\nx: "
MEGABYTE = 1024 * 1024


def head_of(size: int) -> bytes:
    """A whole head of this many bytes."""
    return BEGUN + b"a" * (size - len(BEGUN) - 4) + b"\r\n\r\n"


async def timed(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def drip(client: Client, every_s: float) -> None:
    """A head that never ends, a byte at a time, until the server has had enough."""
    await client.send(BEGUN)
    while not client.reader.at_eof():
        await client.send(b"a")
        await asyncio.sleep(every_s)


async def test_a_header_of_60_megabytes_is_refused_while_others_are_answered(serve: Serve) -> None:
    served = serve()
    attacker, other = await served.connect(), await served.connect("127.0.0.2")

    async def attack() -> None:
        await attacker.send(BEGUN)
        for _ in range(60):
            await attacker.send(b"a" * MEGABYTE)

    attacking = asyncio.create_task(attack())
    slowest = 0.0
    status, _ = await attacker.answer()
    while not attacking.done():
        slowest = max(slowest, await timed(other.ask()))
    assert status == 431
    assert slowest < 1
    assert await served.refused("head_too_large") == 1


@pytest.mark.parametrize("before", [0, 1], ids=["first request", "later request"])
async def test_a_head_has_at_most_64_kibibytes(serve: Serve, before: int) -> None:
    served = serve()
    for size, expected in ((65_536, 200), (65_537, 431)):
        client = await served.connect()
        for _ in range(before):
            assert (await client.ask())[0] == 200
        assert (await client.ask(head_of(size)))[0] == expected
        if expected == 431:
            assert await client.end() == b""


@pytest.mark.parametrize(
    "begun", [b"GET /" + b"a" * 70_000, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 12_000], ids=["address", "headers"]
)
async def test_a_long_address_or_many_headers_are_a_head_too(serve: Serve, begun: bytes) -> None:
    client = await serve().connect()
    assert (await client.ask(begun))[0] == 431


@pytest.mark.parametrize("before", [0, 1], ids=["first request", "later request"])
async def test_a_head_that_drips_in_is_ended_in_time(serve: Serve, before: int) -> None:
    served = serve(head_s=1.5)
    client = await served.connect()
    for _ in range(before):
        assert (await client.ask())[0] == 200
    dripping = asyncio.create_task(drip(client, 0.05))
    took_s = await timed(client.end())
    await dripping
    assert 1.2 < took_s < 3
    assert await served.refused("head_too_slow") == 1


async def test_a_late_head_is_told_so(serve: Serve) -> None:
    client = await serve(head_s=0.5).connect()
    assert (await client.ask(BEGUN))[0] == 408


async def test_a_connection_that_never_says_anything_is_closed_without_a_word(serve: Serve) -> None:
    served = serve(head_s=0.5)
    client = await served.connect()
    assert await client.end() == b""
    assert await served.refused("idle") == 1


async def test_blank_lines_between_requests_keep_no_connection(serve: Serve) -> None:
    served = serve(head_s=1.5)
    client = await served.connect()
    assert (await client.ask())[0] == 200

    async def blank() -> None:
        while not client.reader.at_eof():
            await client.send(b"\r\n")
            await asyncio.sleep(0.1)

    blanking = asyncio.create_task(blank())
    assert await timed(client.end()) < 5
    await blanking


async def test_two_thousand_half_requests_end_in_time_and_others_are_answered(serve: Serve) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4_096:
        pytest.skip("this machine allows fewer than 4,096 open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4_096), hard))
    served = serve(head_s=5)
    half = [await served.connect(f"127.0.1.{number % 20 + 1}") for number in range(2_000)]
    ends = asyncio.gather(*(asyncio.create_task(_half(client)) for client in half))
    other = await served.connect()
    slowest = 0.0
    while not ends.done():
        slowest = max(slowest, await timed(other.ask()))
        await asyncio.sleep(0.05)
    assert max(await ends) < 8
    assert slowest < 1
    assert await served.refused("head_too_slow") == 2_000


async def _half(client: Client) -> float:
    await client.send(BEGUN)
    return await timed(client.end())


async def test_at_the_products_deadline_whoever_is_late_is_ended_after_10_seconds(serve: Serve) -> None:
    served = serve()
    silent, half, dripping, later = [await served.connect() for _ in range(4)]
    assert (await later.ask())[0] == 200
    await asyncio.gather(half.send(BEGUN), later.send(BEGUN))
    drips = asyncio.create_task(drip(dripping, 0.2))
    took_s = await asyncio.gather(*(timed(client.end()) for client in (silent, half, dripping, later)))
    await drips
    assert all(9 < one < 12 for one in took_s), took_s


async def test_what_was_asked_before_a_head_that_is_refused_is_answered_and_nothing_else(serve: Serve) -> None:
    served = serve(head_s=1)
    large, slow = await served.connect(), await served.connect()
    await large.send(b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n" + head_of(70_000))
    await slow.send(b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n" + BEGUN)
    for cause in ("head_too_large", "head_too_slow"):
        while not await served.refused(cause):  # noqa: ASYNC110  # the other process tells by its metrics
            await asyncio.sleep(0.05)
    await served.internally("/release")
    for client in (large, slow):
        assert await client.answer() == (200, b"held")
        assert await client.end() == b""


async def test_a_refused_client_that_sends_on_is_cut_off(serve: Serve) -> None:
    client = await serve(refusal_s=0.5).connect()
    await client.send(BEGUN)

    async def send_on() -> None:
        while not client.writer.is_closing():
            await client.send(b"a" * MEGABYTE)

    assert await timed(send_on()) < 10
