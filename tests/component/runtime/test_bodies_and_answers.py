"""What comes after a head is bounded too, and clients that behave notice none of it."""

import asyncio
import json
import socket

from tests.component.runtime.answering import LARGE_BYTES
from tests.component.runtime.conftest import GET, Serve


def post(path: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "host: localhost", *headers, "", "")).encode() + body


CHUNKED = "transfer-encoding: chunked"


async def test_one_connection_serves_many_requests(serve: Serve) -> None:
    client = await serve().connect()
    for number in range(200):
        status, body = await client.ask(f"GET /{number} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        assert (status, json.loads(body)["path"]) == (200, f"/{number}")


async def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    client = await serve().connect()
    asked = [f"/{number}" for number in range(80)]
    await client.send(b"".join(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode() for path in asked))
    assert [json.loads((await client.answer())[1])["path"] for _ in asked] == asked


async def test_pipelined_requests_with_bodies_are_answered_in_order(serve: Serve) -> None:
    client = await serve().connect()
    lengths = [0, 1, 30_000, 70_000, 7, 200_000]
    await client.send(b"".join(post("/", f"content-length: {length}", body=b"b" * length) for length in lengths))
    assert [json.loads((await client.answer())[1])["length"] for _ in lengths] == lengths


async def test_chunked_bodies_are_read_whole(serve: Serve) -> None:
    client = await serve().connect()
    for size, count in ((1, 100_000), (5_000, 3), (300_000, 4)):
        chunk = b"%x\r\n" % size + b"c" * size + b"\r\n"
        status, body = await client.ask(post("/", CHUNKED, body=chunk * count + b"0\r\n\r\n"))
        assert (status, json.loads(body)["length"]) == (200, size * count)


async def test_a_body_in_two_halves_is_waited_for(serve: Serve) -> None:
    client = await serve(head_s=0.5, body_s=20).connect()
    await client.send(post("/", "content-length: 4", body=b"ab"))
    # Longer than a head may take.
    await asyncio.sleep(1)
    status, body = await client.ask(b"cd")
    assert (status, json.loads(body)["length"]) == (200, 4)


async def test_a_request_that_we_work_on_for_long_is_not_ended(serve: Serve) -> None:
    served = serve(head_s=0.3, body_s=0.3, answer_s=0.3)
    client = await served.connect()
    await client.send(b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n")
    await asyncio.sleep(1)
    await served.internally("/release")
    assert await client.answer() == (200, b"held")


async def test_a_body_that_never_ends_is_ended(serve: Serve) -> None:
    served = serve(head_s=0.5, body_s=1)
    stopped, dripping = await served.connect(), await served.connect()
    await stopped.send(post("/", "content-length: 10", body=b"b"))
    assert (await dripping.ask(post("/early", CHUNKED)))[1] == b"early"

    async def drip() -> None:
        while not dripping.reader.at_eof():
            await dripping.send(b"1\r\nb\r\n")
            await asyncio.sleep(0.1)

    drips = asyncio.create_task(drip())
    assert await stopped.end(5) == await dripping.end(5) == b""
    await drips
    assert await served.refused("body_too_slow") == 2


async def test_a_connection_whose_body_came_after_the_answer_is_closed_when_idle(serve: Serve) -> None:
    served = serve(head_s=0.5)
    client = await served.connect()
    assert (await client.ask(post("/early", "content-length: 4", body=b"ab")))[1] == b"early"
    await client.send(b"cd")
    assert await client.end(5) == b""
    assert await served.refused("idle") == 1


async def test_an_answer_that_nobody_reads_is_given_up(serve: Serve) -> None:
    served = serve(head_s=0.3, answer_s=1)
    with socket.create_connection(("127.0.0.1", served.door)) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n")
        async with asyncio.timeout(10):
            while not await served.refused("answer_unread"):  # noqa: ASYNC110  # the other process tells by its metrics
                await asyncio.sleep(0.1)


async def test_an_answer_that_is_read_is_whole(serve: Serve) -> None:
    client = await serve(head_s=0.3, answer_s=20).connect()
    status, body = await client.ask(b"GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert (status, len(body)) == (200, LARGE_BYTES)


async def test_a_trailer_without_end_is_cut_off(serve: Serve) -> None:
    served = serve()
    client, other = await served.connect(), await served.connect("127.0.0.2")
    await client.send(post("/", CHUNKED, body=b"1\r\nb\r\n0\r\nx: "))
    for _ in range(60):
        await client.send(b"a" * 1024 * 1024)
    assert await client.end(5) == b""
    assert (await other.ask())[0] == 200
    assert await served.refused("trailer_too_large") == 1


async def test_a_trailer_says_nothing_about_the_request(serve: Serve) -> None:
    client = await serve().connect()
    trailer = b"1\r\nb\r\n0\r\nx-forwarded-for: 192.0.2.1\r\n\r\n"
    status, body = await client.ask(post("/", CHUNKED, body=trailer))
    assert status == 200
    assert json.loads(body)["headers"] == ["host", "transfer-encoding"]


async def test_bytes_behind_a_request_for_another_protocol_are_not_a_request(serve: Serve) -> None:
    served = serve()
    client = await served.connect()
    await client.send(
        post("/held", "connection: upgrade", "upgrade: h2c", f"content-length: {len(GET)}").replace(b"POST", b"GET", 1)
    )
    await client.send(GET)
    await served.internally("/release")
    assert await client.answer() == (200, b"held")
    assert await client.end(5) == b""


async def test_more_pipelined_requests_than_anybody_waits_for_are_not_kept(serve: Serve) -> None:
    served = serve()
    client, other = await served.connect(), await served.connect("127.0.0.2")
    await client.send(b"GET /held HTTP/1.1\r\nhost: localhost\r\n\r\n" + GET * 1_000)
    assert await client.end(5) == b""
    assert (await other.ask())[0] == 200
    assert await served.refused("pipelined") >= 1
