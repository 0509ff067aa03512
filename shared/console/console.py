"""One console: its pages, its people, its refusals. A service gives its routes and gets an ASGI application."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from shared import look
from shared.console.accounts import Accounts
from shared.console.refusals import Refusals, SecureHeaders
from shared.console.sessions import Limits, Person, Sessions
from shared.console.sign_in import SignIn
from shared.console.texts import LANGUAGES, Texts, chosen_language
from shared.console.throttle import Throttle
from shared.runtime.clock import Clock
from shared.runtime.mongo import Database

OWN_PAGES: Final = Path(__file__).parent / "pages"
_TOLD: Final = frozenset({403, 404, 409, 500, 503})
_YEAR_S: Final = 31_536_000

Endpoint = Callable[[Request, Person], Awaitable[Response]]


@dataclass(frozen=True)
class Site:
    """Where a console is, how long its sessions live; `pages` holds the service's templates/, static/ and texts/."""

    service: str
    public_url: str
    pages: Path
    limits: Limits

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.public_url.startswith("https:")

    @property
    def session_cookie(self) -> str:
        """Each console's own, since cookies don't know ports. `__Host-` holds it to this host, https and path /."""
        return f"{'__Host-' if self.secure else ''}leak-{self.service}"


class Console:
    """Renders pages, knows who is signed in, refuses the rest."""

    def __init__(self, site: Site, database: Database, clock: Clock) -> None:
        self.site = site
        self.accounts = Accounts(database, clock)
        self.sessions = Sessions(database, self.accounts, site.limits, clock)
        self._throttle = Throttle(database, clock)
        folders = (site.pages, OWN_PAGES)
        self._texts = {language: Texts(language, [at / "texts" for at in folders]) for language in LANGUAGES}
        self._static = _static_files([*(at / "static" for at in folders), look.STYLESHEET])
        self._templates = Environment(
            loader=FileSystemLoader([*(at / "templates" for at in folders), look.TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(static=self._static_url, service=site.service)

    async def create_indexes(self) -> None:
        """To be called when the service starts."""
        await self.sessions.create_indexes()
        await self._throttle.create_indexes()

    def route(self, method: str, path: str, endpoint: Endpoint, *roles: str, acts: bool = True) -> Route:
        """A route for people with one of `roles`. `acts=False`: what the page does by itself keeps no session alive."""

        async def guarded(request: Request) -> Response:
            person = await self.person(request, acts=acts)
            if person is None:
                return self._to_sign_in(request)
            if person.role not in roles:
                raise HTTPException(403)
            request.state.person = person
            return await endpoint(request, person)

        return Route(path, guarded, methods=[method])

    async def person(self, request: Request, *, acts: bool = True) -> Person | None:
        """Who is signed in."""
        token = request.cookies.get(self.site.session_cookie)
        return await self.sessions.person(token, acts=acts) if token else None

    def page(self, request: Request, template: str, status: int = 200, **facts: object) -> HTMLResponse:
        """A template in the visitor's language. It finds `t`, `language`, `person`, `static()` beside its facts."""
        texts = self.texts(request)
        facts = {"person": getattr(request.state, "person", None), "here": request.url.path, **facts}
        body = self._templates.get_template(template).render(t=texts, language=texts.language, **facts)
        return HTMLResponse(body, status)

    def texts(self, request: Request) -> Texts:
        """The words in the visitor's language."""
        return self._texts[chosen_language(request, self.language_cookie)]

    @property
    def language_cookie(self) -> str:
        """Holds the language, and nothing else."""
        return f"{self.site.session_cookie}-language"

    async def error(self, request: Request, status: int) -> Response:
        """The page that says what went wrong. Never what was sent."""
        name = str(status) if status in _TOLD else "other"
        return self.page(request, "error.html", status, error=name)

    def app(self, routes: Sequence[BaseRoute]) -> ASGIApp:
        """The whole console, to serve."""
        sign_in = SignIn(self, self._throttle)
        pages = Starlette(
            routes=[*routes, *sign_in.routes(), Route("/static/{name}", self._send_static)],
            exception_handlers={
                HTTPException: self._on_http_error,
                PyMongoError: self._on_outage,
                Exception: self._on_bug,
            },
        )
        # Around Starlette, not among its middleware: its answer to a bug is made outside of those.
        url = self.site.public_url
        return SecureHeaders(Refusals(pages, url, self.error), url)

    def _to_sign_in(self, request: Request) -> Response:
        if request.method in {"GET", "HEAD"}:
            return RedirectResponse("/sign-in", 303)
        return self.page(request, "sign_in.html", 401, notice="ended", name="", seconds=0)

    async def _on_http_error(self, request: Request, error: Exception) -> Response:
        return await self.error(request, error.status_code if isinstance(error, HTTPException) else 500)

    async def _on_outage(self, request: Request, _error: Exception) -> Response:
        return await self.error(request, 503)

    async def _on_bug(self, request: Request, _error: Exception) -> Response:
        return await self.error(request, 500)

    async def _send_static(self, request: Request) -> Response:
        found = self._static.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        # The address carries a digest of the content, so a new release is a new address.
        return FileResponse(found[0], headers={"cache-control": f"private, max-age={_YEAR_S}, immutable"})

    def _static_url(self, name: str) -> str:
        return f"/static/{name}?{self._static[name][1]}"


def _static_files(places: Sequence[Path]) -> dict[str, tuple[Path, str]]:
    files = [path for place in places for path in (sorted(place.iterdir()) if place.is_dir() else [place])]
    return {path.name: (path, hashlib.sha256(path.read_bytes()).hexdigest()[:12]) for path in files}
