"""Outermost: learns the true client, keeps it apart, and strips it from the request before anything further in runs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.forwarded import Hop, TrustedProxies, plain_ip
from services.gateway.problems import problem
from shared.runtime import logs

SCOPE_KEY = "leak.caller"
# What the code further in reads; every other header is dropped, since any of them may tell who calls.
KEPT_HEADERS = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-modified-since",
        b"if-none-match",
        b"origin",
        b"range",
        b"sec-fetch-dest",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"transfer-encoding",
    }
)
CLIENT_KEY_HEADER = b"leak-client-key"
CLAIMED_ADDRESS_HEADER = b"leak-client-address"

# Behind a Unix socket there is no peer, so no origin, so nothing can be accepted.
NO_PEER = problem("unavailable", retry_after_s=60)
BAD_HOST = problem("bad-host")
MISDIRECTED = problem("misdirected")
SERVER_ERROR = problem("server-error")

log = logs.get("gateway")


@dataclass(frozen=True, slots=True, repr=False)
class Caller:
    """Who calls, for the seal and the limiter alone. Its repr is `<Caller>`, so that no log or trace can show more."""

    ip: str
    port: int | None
    destination_ip: str | None
    destination_port: int | None
    obtained: str
    captured_at_ns: int
    client_key: str | None
    claimed_ip: str | None

    def __repr__(self) -> str:
        """Show nothing."""
        return "<Caller>"


def caller_of(request: Request) -> Caller:
    """The caller that the edge kept for this request."""
    caller = request.scope[SCOPE_KEY]
    if not isinstance(caller, Caller):
        raise TypeError("the edge did not see this request")
    return caller


def path_of(request: Request) -> str:
    """The path of its URL; `request.url` would leave the whole URL in a cache of urllib.parse, with its query."""
    return str(request.scope["path"])


class Edge:
    """ASGI middleware. `hosts` are the names that we answer to, without ports; empty means any."""

    def __init__(self, app: ASGIApp, trusted: TrustedProxies, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._trusted = trusted
        self._hosts = frozenset(host.lower().encode() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Capture, strip, hand on; whatever escapes further in is told by its class alone."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answering = _Answering(send)
        caller = self._capture(scope)
        if caller is None:
            await NO_PEER(scope, receive, answering)
            return
        scope[SCOPE_KEY] = caller
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, answering)
            return
        try:
            await self._app(scope, receive, answering)
        except Exception as bug:  # noqa: BLE001  # its message may hold input, so it goes no further than its class
            log.error("a request failed", error=bug)  # noqa: TRY400  # the trace would quote it
            if not answering.started:
                await SERVER_ERROR(scope, receive, answering)

    def _refusal(self, scope: Scope) -> Response | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        # RFC 9112 section 3.2: of two, a proxy may have judged the other one.
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            return BAD_HOST
        if self._hosts and _name(hosts) not in self._hosts:
            return MISDIRECTED
        return None

    def _capture(self, scope: Scope) -> Caller | None:
        client, headers = scope["client"], scope["headers"]
        socket = _socket(client)
        claimed = client_key = None
        kept = []
        for pair in headers:
            name = pair[0]
            if name in KEPT_HEADERS:
                kept.append(pair)
            elif name == CLIENT_KEY_HEADER:
                client_key = pair[1].decode("latin-1")
            elif name == CLAIMED_ADDRESS_HEADER:
                claimed = pair[1].decode("latin-1")
        found = self._trusted.find(socket, headers) if socket else None
        scope["client"] = None
        # In place, because the server holds the same list.
        headers[:] = kept
        if found is None:
            return None
        # Behind a proxy the socket's near end is not what the client connected to.
        near = scope.get("server") if found.obtained == "socket" else None
        near_ip = _own_ip(near[0]) if near else None
        return Caller(
            ip=found.client.ip,
            port=found.client.port,
            destination_ip=near_ip,
            destination_port=near[1] if near and near_ip else None,
            obtained=found.obtained,
            captured_at_ns=time.time_ns(),
            client_key=client_key,
            claimed_ip=claimed,
        )


class _Answering:
    """Remembers whether an answer was begun, so that a late failure isn't answered twice."""

    __slots__ = ("_send", "started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        self.started = True
        await self._send(message)


def _socket(client: tuple[str, int] | None) -> Hop | None:
    if not client:
        return None
    ip = plain_ip(client[0])
    return Hop(ip, client[1]) if ip else None


@lru_cache(maxsize=64)
def _own_ip(text: str) -> str | None:
    # Remembered, since these are our own few addresses; a client's is never cached.
    return plain_ip(text)


def _name(hosts: list[bytes]) -> bytes:
    """What the Host header names, without its port."""
    host = hosts[0].lower() if hosts else b""
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
