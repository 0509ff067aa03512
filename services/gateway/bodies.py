"""Reads a request's body whole, within a size and a time, before any code that would parse it runs."""

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.problems import problem

API_BODY_BYTES = 32 * 1024
# Forms may hold a message whose every character is percent-encoded; the pages refuse what is over 64 KiB themselves.
PAGE_BODY_BYTES = 72 * 1024
READ_ON_BYTES = 32 * 1024 * 1024
BODY_WITHIN_S = 10.0
BODILESS_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class WholeBodies:
    """ASGI middleware: 413 for what is too large, 408 for what trickles in."""

    def __init__(self, app: ASGIApp, within_s: float = BODY_WITHIN_S) -> None:
        self._app = app
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, then hand on a `receive` that gives the body in one message."""
        if scope["type"] != "http" or scope["method"] in BODILESS_METHODS:
            await self._app(scope, receive, send)
            return
        most = API_BODY_BYTES if scope["path"].startswith(("/v1/", "/one-click/")) else PAGE_BODY_BYTES
        try:
            async with asyncio.timeout(self._within_s):
                body = await _read(receive, most)
        except TimeoutError:
            await _refusal("too-slow")(scope, receive, send)
            return
        except _TooLarge:
            await _refusal("too-large")(scope, receive, send)
            return
        except _Gone:
            return
        await self._app(scope, _Replay(body, receive), send)


class _TooLarge(Exception):
    pass


class _Gone(Exception):
    pass


class _Replay:
    """A `receive` that gives the body once, then whatever comes after it."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        body, self._body = self._body, None
        if body is None:
            return await self._receive()
        return {"type": "http.request", "body": body, "more_body": False}


async def _read(receive: Receive, most: int) -> bytes:
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        # What is too large is read on and forgotten: an answer before its end is lost with the connection.
        if size > READ_ON_BYTES:
            break
        if size <= most:
            chunks.append(chunk)
        more = message.get("more_body", False)
    if size > most:
        raise _TooLarge
    return b"".join(chunks)


def _refusal(name: str) -> Response:
    # What is still on its way is not read any more: the connection ends with the answer.
    return problem(name, headers={"connection": "close"})
