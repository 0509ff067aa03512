"""A console with one page that everybody with the role may see, on the embedded database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from shared.console.console import OWN_PAGES, Console, Site
from shared.console.sessions import Limits, Person
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

    async def sign_in(self, name: str = "mod-a", password: str = PASSWORD, **headers: str) -> httpx.Response:
        form = {"name": name, "password": password}
        return await self.client.post("/sign-in", data=form, headers=OURS | headers)


def console_of(database: Any, clock: HandClock, public_url: str = URL, service: str = "moderation") -> Console:
    return Console(Site(service, public_url, OWN_PAGES, Limits(idle_s=600, absolute_s=3_600)), database, clock)


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
    console = console_of(database, clock)
    await console.create_indexes()
    await console.accounts.add("mod-a", "moderator", PASSWORD)
    async with client_of(console) as client:
        yield World(console, client, clock, database)
