"""The console's log, and the threats to life that moderation escalated."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.sealing import SealBroken
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from services.audit import domain, forms, views
from services.audit.log import Log
from services.audit.page import Pages
from services.audit.threats import ThreatDesk
from shared.console.sessions import Person


@dataclass(frozen=True)
class LogRoutes:
    """Reading, and for a threat: reading its message, and saying whom it was told to."""

    pages: Pages
    log: Log
    threats: ThreatDesk
    answer_key: str

    def routes(self) -> Sequence[BaseRoute]:
        """The log's page and the threats'."""
        return [
            self.pages.route("GET", "/log", self.show_log),
            self.pages.route("GET", "/threats", self.show_threats),
            self.pages.route("GET", "/threats/{leak_id}", self.show_threat),
            self.pages.route("POST", "/threats/{leak_id}/read", self.read_threat),
            self.pages.route("POST", "/threats/{leak_id}/settle", self.settle_threat),
        ]

    async def show_log(self, request: Request, _person: Person) -> Response:
        """The latest entries first, a page at a time."""
        asked = request.query_params.get("before", "")
        before = int(asked) if asked.isdecimal() and len(asked) < len(str(2**53)) else None
        entries = [entry for entry in await self.log.read() if before is None or entry.seq < before]
        shown = entries[: -views.LOG_PAGE - 1 : -1]
        return self.pages.page(
            request,
            "log.html",
            entries=shown,
            older=shown[-1].seq if len(entries) > len(shown) else None,
            answer_key=self.answer_key,
        )

    async def show_threats(self, request: Request, _person: Person) -> Response:
        """Unsettled first."""
        return self.pages.page(request, "threats.html", threats=await self.threats.all())

    async def show_threat(self, request: Request, _person: Person) -> Response:
        """One threat, its message closed."""
        return await self._threat_page(request)

    async def read_threat(self, request: Request, person: Person) -> Response:
        """The message, in this answer only; the log has it first."""
        try:
            message = await self.threats.read(person.name, request.path_params["leak_id"])
        except SealBroken:
            return await self._threat_page(request, 409, seal_broken=True)
        return await self._threat_page(request, message=message)

    async def settle_threat(self, request: Request, person: Person) -> Response:
        """Whom it was told to, and when."""
        note = forms.text(await request.form(), "note")[: domain.TEXT_MAX]
        if not note:
            return await self._threat_page(request, 422, missing=True)
        await self._find(request)
        await self.threats.settle(person.name, request.path_params["leak_id"], note)
        return RedirectResponse("/threats", 303)

    async def _threat_page(
        self,
        request: Request,
        status: int = 200,
        *,
        message: str | None = None,
        missing: bool = False,
        seal_broken: bool = False,
    ) -> Response:
        return self.pages.page(
            request,
            "threat.html",
            status,
            threat=await self._find(request),
            message=message,
            missing=missing,
            seal_broken=seal_broken,
            text_max=domain.TEXT_MAX,
        )

    async def _find(self, request: Request) -> dict[str, object]:
        threat = await self.threats.find(request.path_params["leak_id"])
        if threat is None:
            raise HTTPException(404)
        return threat
