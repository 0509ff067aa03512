"""Which names a site answers to. A page elsewhere whose name is pointed at our address (DNS rebinding) gets nothing."""

import re
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d*)?")

Refuse = Callable[[Request, int], Awaitable[Response]]


def hosts_of(url: str) -> frozenset[str]:
    """The names under which browsers reach `url`; a loopback one is reached by every loopback name."""
    host = _name(urlsplit(url).netloc)
    return LOOPBACK if host in LOOPBACK else frozenset({host})


def host_fault(headers: Headers, hosts: AbstractSet[str]) -> int | None:
    """400 for no Host or several (RFC 9112, 3.2), 421 for a name that isn't ours (RFC 9110, 15.5.20)."""
    named = headers.getlist("host")
    if len(named) != 1:
        return 400
    return None if _name(named[0]) in hosts else 421


def _name(host: str) -> str:
    """Without the port, which a proxy may change; empty when it is no host."""
    found = _HOST.fullmatch(host.lower())
    return found[1] if found else ""


class OwnHosts:
    """ASGI middleware: a request for another name is answered by `refuse`, and goes no further."""

    def __init__(self, app: ASGIApp, hosts: AbstractSet[str], refuse: Refuse) -> None:
        self._app = app
        self._hosts = hosts
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 400 or 421 itself, or lets the request in."""
        if scope["type"] == "http" and (status := host_fault(Headers(scope=scope), self._hosts)):
            answer = await self._refuse(Request(scope, receive), status)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
