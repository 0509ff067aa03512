"""The page that shows the mails, and the same as JSON for tests."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.sink.mailbox import Kept, Mailbox
from local.sink.reading import read
from shared.web import look
from shared.web.assets import Assets
from shared.web.headers import page_headers
from shared.web.languages import asked_for
from shared.web.templates import environment
from shared.web.texts import in_every_language

HERE: Final = Path(__file__).parent
PAGE_HEADERS: Final = page_headers(script_src="'none'", frame_src="'self'")
# A mail is a stranger's page: it may not run, load or reach anything, but a person may follow its links.
MAIL_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox",
}

_texts: Final = in_every_language(HERE / "texts")
_assets: Final = Assets(look.STYLESHEET, HERE / "static")
_templates: Final = environment(HERE / "templates")
_templates.globals["asset"] = _assets.path


def application(mailbox: Mailbox) -> Starlette:
    """Pages, JSON and health."""
    shown = Shown(mailbox)
    return Starlette(
        routes=[
            Route("/", shown.list),
            Route("/mails/{id}", shown.mail),
            Route("/mails/{id}/html", shown.html),
            Route("/mails/{id}/raw", shown.raw),
            _assets.route(),
            Route("/api/mails", shown.list_as_json),
            Route("/api/mails/{id}", shown.mail_as_json),
            Route("/health/ready", shown.ready),
        ]
    )


class Shown:
    """What each address shows."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def list(self, request: Request) -> Response:
        """All mails, newest first, or those for one recipient."""
        to = request.query_params.get("to") or None
        return _page(request, "list.html", mails=self._mailbox.newest(to), to=to or "")

    async def mail(self, request: Request) -> Response:
        """One mail with its headers, its links, and its HTML in a frame that can't do anything."""
        kept = self._kept(request)
        return _page(request, "mail.html", mail=kept, contents=read(self._mailbox.raw(kept)))

    async def html(self, request: Request) -> Response:
        """The HTML of a mail; its links open in a new tab."""
        page = read(self._mailbox.raw(self._kept(request))).html
        return HTMLResponse(page.replace("<head>", '<head><base target="_blank">', 1), headers=MAIL_HEADERS)

    async def raw(self, request: Request) -> Response:
        """The bytes that came."""
        return PlainTextResponse(self._mailbox.raw(self._kept(request)), headers=PAGE_HEADERS)

    async def list_as_json(self, request: Request) -> Response:
        """{"mails": [...]}, newest first; `to` picks a recipient."""
        mails = self._mailbox.newest(request.query_params.get("to") or None)
        return JSONResponse({"mails": [asdict(kept) for kept in mails]})

    async def mail_as_json(self, request: Request) -> Response:
        """One mail: envelope, headers, text, html, links, raw."""
        kept = self._kept(request)
        raw = self._mailbox.raw(kept)
        return JSONResponse({**asdict(kept), **asdict(read(raw)), "raw": raw.decode("utf-8", "replace")})

    async def ready(self, _request: Request) -> Response:
        """Takes mail."""
        return JSONResponse({"ready": True})

    def _kept(self, request: Request) -> Kept:
        kept = self._mailbox.find(request.path_params["id"])
        if kept is None:
            raise HTTPException(404)
        return kept


def _page(request: Request, template: str, **facts: object) -> Response:
    texts = _texts[asked_for(request.headers)]
    page = _templates.get_template(template).render(t=texts, moment=_moment, **facts)
    return HTMLResponse(page, headers=PAGE_HEADERS)


def _moment(received_at: str) -> str:
    return received_at[:19].replace("T", " ")
