"""One console: its pages, its people, its refusals. A service gives its routes and gets an ASGI application."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from shared.console.account_log import DoorLog, Record, logged
from shared.console.accounts import Accounts
from shared.console.devices import Devices
from shared.console.door import Door
from shared.console.refusals import Refusals, SecureHeaders
from shared.console.rendering import ConsolePages
from shared.console.sessions import Person, Sessions
from shared.console.sign_in import SignIn
from shared.console.site import ConsoleSite
from shared.console.throttle import Throttle
from shared.runtime.clock import Clock
from shared.runtime.mongo import Database
from shared.web.hosts import OwnHosts, hosts_of
from shared.web.texts import Texts

Endpoint = Callable[[Request, Person], Awaitable[Response]]


class Console:
    """Renders pages, knows who is signed in, refuses the rest. `record` keeps what happens to accounts."""

    def __init__(self, site: ConsoleSite, database: Database, clock: Clock, record: Record) -> None:
        self.site = site
        record = logged(record)
        self.accounts = Accounts(database, clock, record)
        self.sessions = Sessions(database, self.accounts, site.limits, clock)
        self._pages = ConsolePages(site)
        self._devices = Devices(database, clock)
        self._throttle = Throttle(database, clock)
        self._door_log = DoorLog(record, clock)
        door = Door(self.accounts, self._devices, self._throttle, self._door_log)
        self._sign_in = SignIn(site, self._pages, self.sessions, door, self._door_log)

    async def create_indexes(self) -> None:
        """To be called when the service starts."""
        await self.sessions.create_indexes()
        await self._devices.create_indexes()
        await self._throttle.create_indexes()

    async def write_failed(self) -> None:
        """Record how many sign-ins failed since the last time: to be called once a minute."""
        await self._door_log.write_failed()

    async def close(self) -> None:
        """To be called when the service stops."""
        # A database that is away must not keep the service from stopping.
        with suppress(PyMongoError):
            await self._door_log.write_failed()

    def route(self, method: str, path: str, endpoint: Endpoint, *roles: str, acts: bool = True) -> Route:
        """A route for people with one of `roles`. `acts=False`: what the page does by itself keeps no session alive."""

        async def guarded(request: Request) -> Response:
            person = await self._sign_in.person(request, acts=acts)
            if person is None:
                return self._sign_in.asked_for(request)
            if person.role not in roles:
                raise HTTPException(403)
            request.state.person = person
            return await endpoint(request, person)

        return Route(path, guarded, methods=[method])

    def page(self, request: Request, template: str, status: int = 200, **facts: object) -> HTMLResponse:
        """A template in the visitor's language. It finds `t`, `language`, `person`, `asset()` beside its facts."""
        return self._pages.page(request, template, status, **facts)

    def texts(self, request: Request) -> Texts:
        """The words in the visitor's language."""
        return self._pages.texts(request)

    def app(self, routes: Sequence[BaseRoute]) -> ASGIApp:
        """The whole console, to serve."""
        pages = Starlette(
            routes=[*routes, *self._sign_in.routes(), self._pages.assets.route()],
            exception_handlers={
                HTTPException: self._on_http_error,
                PyMongoError: self._on_outage,
                Exception: self._on_bug,
            },
        )
        url = self.site.public_url
        own = OwnHosts(Refusals(pages, url, self._pages.error), hosts_of(url), self._pages.wrong_host)
        # Around Starlette, not among its middleware: its answer to a bug is made outside of those.
        return SecureHeaders(own, url)

    async def _on_http_error(self, request: Request, error: Exception) -> Response:
        return await self._pages.error(request, error.status_code if isinstance(error, HTTPException) else 500)

    async def _on_outage(self, request: Request, _error: Exception) -> Response:
        return await self._pages.error(request, 503)

    async def _on_bug(self, request: Request, _error: Exception) -> Response:
        return await self._pages.error(request, 500)
