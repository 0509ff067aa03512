"""A process with two listeners, as a service has them: `door` for people and `internal` for us. Says its ports."""

import asyncio
import ipaddress
import json
import resource
import sys
from pathlib import Path
from typing import Any

import uvloop
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.runtime.connections import ConnectionLimits, connections_within_file_limit
from shared.runtime.listener import Listener
from shared.runtime.protocol import Deadlines

LARGE_BYTES = 64 * 1024 * 1024
released = asyncio.Event()


async def whole(request: Request) -> Response:
    """What came in, once its body is here."""
    length = len(await request.body())
    names = sorted(name for name, _ in request.headers.items())
    return JSONResponse({"path": request.url.path, "length": length, "headers": names})


async def early(_request: Request) -> Response:
    """Doesn't wait for the body."""
    return Response("early")


async def held(_request: Request) -> Response:
    """Waits until it is released through the other listener."""
    await released.wait()
    return Response("held")


async def large(_request: Request) -> Response:
    return Response(b"x" * LARGE_BYTES)


async def release(_request: Request) -> Response:
    released.set()
    return Response("released")


def file(_request: Request) -> Response:
    """Opens a file, as a service does that reads a key."""
    return Response(Path(__file__).read_bytes()[:9])


async def metrics(_request: Request) -> Response:
    return Response(generate_latest())


async def main(asked: dict[str, Any]) -> None:
    door = Starlette(
        routes=[
            Route("/early", early, methods=["GET", "POST"]),
            Route("/held", held),
            Route("/large", large),
            Route("/{rest:path}", whole, methods=["GET", "POST"]),
        ]
    )
    internal = Starlette(routes=[Route("/release", release), Route("/file", file), Route("/metrics", metrics)])
    most = min(asked["most"], connections_within_file_limit())
    proxies = [ipaddress.ip_network(proxy) for proxy in asked["proxies"]]
    limits = ConnectionLimits(most, asked["most_a_network"], proxies)
    deadlines = Deadlines(**asked["deadlines"])
    listeners = [
        Listener(door, "127.0.0.1", 0, stop_within_s=1, limits=limits, deadlines=deadlines),
        Listener(internal, "127.0.0.1", 0, stop_within_s=1, limits=ConnectionLimits(64, 64)),
    ]
    tasks = [asyncio.create_task(listener.listen()) for listener in listeners]
    while not all(listener.started for listener in listeners):  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    ports = [listener.servers[0].sockets[0].getsockname()[1] for listener in listeners]
    sys.stdout.write(json.dumps({"door": ports[0], "internal": ports[1], "most": most}) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*tasks)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    if settings["files"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (settings["files"], settings["files"]))
    uvloop.run(main(settings))
