"""What every page of the console has: its facts, and its answer when the log is not whole."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.audit import views
from services.audit.chain import ChainBroken
from services.audit.watch import Watch
from shared.console.console import Console
from shared.console.sessions import Person
from shared.runtime.clock import Clock
from shared.seals.errors import KeyMissing

AUDITOR: Final = "auditor"

Endpoint = Callable[[Request, Person], Awaitable[Response]]


class AuditPages:
    """Renders pages for signed-in auditors."""

    def __init__(self, console: Console, watch: Watch, grounds: views.Grounds, clock: Clock) -> None:
        self._console = console
        self._watch = watch
        self._grounds = grounds
        self.clock = clock

    def route(self, method: str, path: str, endpoint: Endpoint) -> Route:
        """A page for auditors. When the log is not whole it says so, and nothing is done; 503 while no key may sign."""

        async def guarded(request: Request, person: Person) -> Response:
            try:
                return await endpoint(request, person)
            except ChainBroken as broken:
                return self.page(request, "broken.html", 503, what=str(broken))
            except KeyMissing as missing:
                raise HTTPException(503) from missing

        return self._console.route(method, path, guarded, AUDITOR)

    def page(self, request: Request, template: str, status: int = 200, **facts: object) -> Response:
        """A template with what all of them use."""
        t = self._console.texts(request)
        return self._console.page(
            request,
            template,
            status,
            now=self.clock(),
            utc=views.utc,
            span=lambda length: views.span(t, length),
            grounds=self._grounds,
            broken=self._watch.broken,
            **facts,
        )
