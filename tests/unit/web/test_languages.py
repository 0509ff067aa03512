"""The one choice of language: RFC 9110's rule, and gateway, consoles and mailbox choose alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.sink.mailbox import Mailbox
from local.sink.pages import application
from shared.console.rendering import OWN_PAGES, ConsolePages
from shared.console.sessions import SessionLimits
from shared.console.site import ConsoleSite
from shared.web.languages import asked_for, known, language_of
from tests.support.fakes.acts import FakeActs
from tests.support.page_walk import visitor

ASKED = {
    "fr": "fr",
    "FR-ca": "fr",
    "fr-CA,fr;q=0.9,en;q=0.8": "fr",
    "en-GB, fr;q=0.9": "en",
    "en;q=0.2, fr;q=0.3": "fr",
    "de, en;q=0.2, fr;q=0.3": "fr",
    "fr;q=0.5, en;q=0.5": "fr",
    "en;q=0.5, fr;q=0.5": "en",
    "fr ; q=0.9 , en ; Q=1.0": "en",
    "fr;q=0": "en",
    "fr;q=0, *": "en",
    "en;q=0, *": "fr",
    "*": "en",
    "*;q=0.1, fr;q=0.05": "en",
    "de": "en",
    "": "en",
    "fr;q=x, en;q=0.1": "en",
    "fr;q=2, en;q=0.1": "en",
    "fr;q=nan": "en",
    "fr;level=1": "en",
    ";;,,;q=,": "en",
    "x" * 2_000 + ",fr": "en",
}
"""Header → language."""


@pytest.mark.parametrize("header", ASKED)
def test_a_browsers_wish_is_read_by_its_weights(header: str) -> None:
    assert asked_for(Headers({"accept-language": header})) == ASKED[header]


def test_a_header_in_two_lines_is_one_list() -> None:
    lines = [(b"accept-language", b"en;q=0.1"), (b"accept-language", b"fr")]
    assert asked_for(Headers(raw=lines)) == "fr"


def test_a_choice_comes_before_the_browsers_wish_if_it_is_one_of_ours() -> None:
    french = Headers({"accept-language": "fr"})
    assert [language_of(choice, french) for choice in ("en", "de", "", None)] == ["en", "fr", "fr", "fr"]
    assert known("fr") == "fr"
    assert known("FR") is None


@pytest.fixture
async def console() -> AsyncIterator[httpx.AsyncClient]:
    pages = ConsolePages(ConsoleSite("audit", "https://audit.example", OWN_PAGES, SessionLimits(600, 3_600)))

    async def show(request: Request) -> Response:
        return await pages.error(request, 404)

    transport = httpx.ASGITransport(Starlette(routes=[Route("/", show)]))
    async with httpx.AsyncClient(transport=transport, base_url="https://audit.example") as client:
        yield client


async def test_gateway_consoles_and_mailbox_choose_alike(console: httpx.AsyncClient, tmp_path: Path) -> None:
    mailbox = httpx.ASGITransport(application(Mailbox(tmp_path)))
    async with (
        visitor(FakeActs()) as gateway,
        httpx.AsyncClient(transport=mailbox, base_url="http://127.0.0.1") as sink,
    ):
        for header, language in ASKED.items():
            for client in (gateway, console, sink):
                page = (await client.get("/", headers={"accept-language": header})).text
                assert f'<html lang="{language}">' in page, (header, client.base_url)


async def test_what_a_visitor_chose_wins_at_the_gateway_and_in_a_console(console: httpx.AsyncClient) -> None:
    french = {"accept-language": "fr"}
    async with visitor(FakeActs()) as gateway:
        chosen = await gateway.get("/?lang=en", headers=french)
    console.cookies.set("__Host-leak-audit-language", "en")
    for page in (chosen, await console.get("/", headers=french)):
        assert '<html lang="en">' in page.text
