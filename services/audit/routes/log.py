"""The console's log."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from services.audit import signatures, views
from services.audit.log import Log
from services.audit.page import AuditPages
from shared.console.sessions import Person
from shared.digests import to_base64url
from shared.seals.keys import KeySource


@dataclass(frozen=True)
class LogRoutes:
    """Reading the log, and the public keys that check answers."""

    pages: AuditPages
    log: Log
    answer_keys: KeySource

    def routes(self) -> Sequence[BaseRoute]:
        """The log's page."""
        return [self.pages.route("GET", "/log", self.show)]

    async def show(self, request: Request, _person: Person) -> Response:
        """The latest entries first, a page at a time."""
        asked = request.query_params.get("before", "")
        before = int(asked) if asked.isdecimal() and len(asked) < len(str(2**53)) else None
        entries = [entry for entry in await self.log.read() if before is None or entry.seq < before]
        shown = entries[: -views.LOG_PAGE - 1 : -1]
        keys = signatures.public_half(self.answer_keys()).keys
        return self.pages.page(
            request,
            "log.html",
            entries=shown,
            older=shown[-1].seq if len(entries) > len(shown) else None,
            answer_keys=[(key.id, to_base64url(key.material)) for key in keys],
        )
