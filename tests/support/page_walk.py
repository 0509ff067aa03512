"""Every page of the gateway in every state that it can have, as answers to real requests."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.gateway.acts import ActError, Status, TooMany, Unavailable
from services.gateway.page_routes import error_page, page_routes
from services.gateway.pages.site import Site
from shared.seals.contents import Statement
from tests.support.fakes.acts import NOON, FakeActs

SITE = Site(
    operator="Leak & Daughters",
    contact="hello@leak.example",
    confirm_h=24,
    origin_days=365,
    delay_max_s=1800,
    public_url="https://leak.example",
)
ENGLISH = {"accept-language": "en"}
THREATS = Statement(
    policy="threat",
    title="Threats",
    reasons="It announces violence.\nTwice.",
    redress="Write to us within six months.",
    language="en",
    automated=True,
)
STATES = ("awaiting_confirmation", "in_review", "scheduled", "closed", "refused", "expired", "cancelled")
ERRORS = (400, 403, 404, 405, 413, 429, 500, 503)
TYPED = {
    "recipient": "alex@example.org",
    "sender": "me@example.com",
    "message": "You held the door.\r\n<b>Thank you</b> & more",
    "relation": "neighbour",
    "kind": "thanks",
    "language": "en",
    "consent": "yes",
    "idempotency_key": "20261123-00112233445566778899aabbccddeeff",
}
SHOWN = (
    "/",
    "/status",
    "/about",
    "/confirm",
    "/confirm/abc",
    "/stop",
    "/stop/abc",
    "/block",
    "/block/abc",
    "/report",
    "/report/abc",
    *(f"/error/{status}" for status in ERRORS),
)


def app_of(acts: FakeActs, site: Site = SITE) -> Starlette:
    """The gateway's pages, with these acts behind them."""

    async def failing(request: Request) -> Response:
        return error_page(request, site, request.path_params["status"], 90)

    return Starlette(routes=[*page_routes(acts, site), Route("/error/{status:int}", failing)])


@asynccontextmanager
async def visitor(acts: FakeActs, site: Site = SITE) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without script."""
    transport = httpx.ASGITransport(app_of(acts, site))
    async with httpx.AsyncClient(transport=transport, base_url="https://leak.example") as client:
        yield client


def field(page: httpx.Response, name: str) -> str:
    """The value that a page's field holds."""
    found = re.search(rf'<input [^>]*name="{name}" [^>]*value="([^"]*)"', page.text)
    assert found, f"no field {name}"
    return html.unescape(found.group(1))


def button(page: httpx.Response, label: str) -> dict[str, str]:
    """The attributes of a button."""
    found = re.search(rf"<button ([^>]*)>{label}</button>", page.text)
    assert found, f"no button {label}"
    return dict(re.findall(r'([a-z]+)="([^"]*)"', found.group(1)))


def status_in(state: str, *, can_cancel: bool = False) -> Status:
    decision = THREATS if state == "refused" else None
    timeline = (("awaiting_confirmation", NOON), (state, NOON))
    return Status("9f" * 16, state, timeline, NOON, can_cancel=can_cancel, decision=decision)


async def every_page(language: str) -> dict[str, httpx.Response]:
    """What happened → the page that answered."""
    acts = FakeActs(status_in("closed"))
    async with visitor(acts) as client:
        client.params = httpx.QueryParams(lang=language)
        pages = {path: await client.get(path) for path in SHOWN}
        pages |= {f"sending: {name}": page for name, page in (await _sending(client, acts)).items()}
        for state in STATES:
            acts.answer_status = status_in(state, can_cancel=state == "in_review")
            pages[f"status {state}"] = await client.post("/status", data={"receipt": "K7QX"})
            pages[f"cancelled while {state}"] = await client.post("/cancel", data={"receipt": "K7QX"})
        acts.answer_status = None
        pages["unknown receipt"] = await client.post("/status", data={"receipt": "K7QX"})
        for act in ("confirm", "stop", "block"):
            pages[f"{act} done"] = await client.post(f"/{act}", data={"token": "abc"})
        report = {"token": "abc", "reason": "threat", "good_faith": "yes"}
        pages["report done"] = await client.post("/report", data=report)
        pages["report wrong"] = await client.post("/report", data={"reason": "?", "details": "x" * 2_001})
    return pages


async def _sending(client: httpx.AsyncClient, acts: FakeActs) -> dict[str, httpx.Response]:
    pages = {
        "preview": await client.post("/preview", data=TYPED),
        "hints": await client.post("/preview", data={**TYPED, "sender": "me@gmial.com", "recipient": "you@gmail.con"}),
        "to oneself": await client.post("/preview", data={**TYPED, "sender": TYPED["recipient"]}),
        "one domain": await client.post("/preview", data={**TYPED, "sender": "me@EXAMPLE.org"}),
        "edit": await client.post("/preview", data={**TYPED, "then": "edit"}),
        "receipt": await client.post("/leaks", data=TYPED),
    }
    failures: dict[str, ActError] = {"too many": TooMany(400), "unavailable": Unavailable(30)}
    for name, acts.failure in failures.items():
        pages[name] = await client.post("/leaks", data=TYPED)
        pages[f"{name} before the preview"] = await client.post("/preview", data=TYPED)
        pages[f"{name} elsewhere"] = await client.post("/block", data={"token": "abc"})
    acts.failure = None
    fields = ("recipient", "kind", "message", "relation", "language", "sender", "consent")
    for code in ("missing", "not_an_address", "not_text", "too_long", "too_many_links", "unknown", "wrong_type"):
        acts.wrong = dict.fromkeys(fields, code)
        pages[f"all {code}"] = await client.post("/preview", data=TYPED)
    acts.wrong = {}
    return pages
