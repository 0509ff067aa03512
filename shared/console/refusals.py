"""What a console refuses before any page sees it: what another site sent, what is too large. And all headers."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.headers import page_headers
from shared.web.hosts import Refuse
from shared.web.same_origin import made_here

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_MAX: Final = 64 * 1024
_TWO_YEARS_S: Final = 63_072_000


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
        # A session is at stake, so a browser that doesn't say who made the request is refused as well.
        if not made_here(headers, self._public_url):
            return 403
        length = headers.get("content-length", "")
        if not length.isdigit():
            return 411
        return 413 if int(length) > BODY_MAX else None


class SecureHeaders:
    """ASGI middleware: the headers of every page, on whatever is answered."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        # The pages' own scripts may ask their own console.
        self._headers = page_headers(connect_src="'self'")
        if public_url.startswith("https:"):
            self._headers["strict-transport-security"] = f"max-age={_TWO_YEARS_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sets the headers, on errors too; what an answer says itself stays."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
