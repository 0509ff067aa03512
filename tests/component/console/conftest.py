"""A console with one page that everybody with the role may see, on the embedded database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from shared.console.console import Console
from shared.console.rendering import OWN_PAGES
from shared.console.sessions import Person, SessionLimits
from shared.console.site import ConsoleSite
from tests.support.fakes.account_log import KeptEntries
from tests.support.fakes.clock import HandClock

PASSWORD = "correct horse battery staple"
OURS = {"sec-fetch-site": "same-origin"}
URL = "http://127.0.0.1:9100"


@dataclass
class World:
    console: Console
    client: httpx.AsyncClient
    clock: HandClock
    database: Any
    kept: KeptEntries

    async def sign_in(
        self, name: str = "mod-a", password: str = PASSWORD, by: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        """From the browser that the world has, or from another one."""
        return await (by or self.client).post("/sign-in", data={"name": name, "password": password}, headers=OURS)

    def browser(self) -> httpx.AsyncClient:
        """A browser that was never here."""
        return client_of(self.console)


def console_of(
    database: Any, clock: HandClock, kept: KeptEntries, public_url: str = URL, service: str = "moderation"
) -> Console:
    site = ConsoleSite(service, public_url, OWN_PAGES, SessionLimits(idle_s=600, absolute_s=3_600))
    return Console(site, database, clock, kept)


async def hello(_request: Request, person: Person) -> Response:
    return PlainTextResponse(f"hello {person.name}")


async def break_down(_request: Request, _person: Person) -> Response:
    raise RuntimeError("anna@example.org")


def client_of(console: Console) -> httpx.AsyncClient:
    app = console.app(
        [
            console.route("GET", "/", hello, "moderator"),
            console.route("POST", "/", hello, "moderator"),
            console.route("POST", "/beat", hello, "moderator", acts=False),
            console.route("GET", "/boss", hello, "boss"),
            console.route("GET", "/broken", break_down, "moderator"),
        ]
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=console.site.public_url)


@pytest.fixture
async def world(database: Any, clock: HandClock) -> AsyncIterator[World]:
    kept = KeptEntries()
    console = console_of(database, clock, kept)
    await console.create_indexes()
    await console.accounts.add("mod-a", "moderator", PASSWORD)
    async with client_of(console) as client:
        kept.entries.clear()
        yield World(console, client, clock, database, kept)
