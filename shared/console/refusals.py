"""What a console refuses before any page sees it: what another site sent, what is too large. And all headers."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_MAX: Final = 64 * 1024

Refuse = Callable[[Request, int], Awaitable[Response]]

_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_TWO_YEARS_S: Final = 63_072_000


def made_here(headers: Headers, public_url: str) -> bool:
    """Whether one of our own pages made the request, as the browser says.

    Sec-Fetch-Site first: under no-referrer a browser sends `Origin: null` with our own forms. Neighbouring ports of one
    host are same-site, and so are the two consoles of a local stack: only same-origin will do.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get("origin") == origin_of(public_url)


def origin_of(url: str) -> str:
    """Scheme, host and port, as a browser writes them in Origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Refusals:
    """ASGI middleware: unsafe requests must come from our own pages and be small."""

    def __init__(self, app: ASGIApp, public_url: str, refuse: Refuse) -> None:
        self._app = app
        self._public_url = public_url
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 403, 411 or 413 itself, or lets the request in."""
        if scope["type"] == "http" and (status := self._fault(scope)):
            answer = await self._refuse(Request(scope, receive), status)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _fault(self, scope: Scope) -> int | None:
        if scope["method"] in SAFE_METHODS:
            return None
        headers = Headers(scope=scope)
        if not made_here(headers, self._public_url):
            return 403
        length = headers.get("content-length", "")
        if not length.isdigit():
            return 411
        return 413 if int(length) > BODY_MAX else None


class SecureHeaders:
    """ASGI middleware: nothing is stored, framed, sniffed or loaded from elsewhere."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if public_url.startswith("https:"):
            self._headers["strict-transport-security"] = f"max-age={_TWO_YEARS_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sets the headers on whatever is answered, errors too."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)
