"""The console's threats to life that moderation escalated."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from services.audit import domain, forms
from services.audit.page import AuditPages
from services.audit.threats import Emergency, ThreatDesk
from shared.console.sessions import Person
from shared.seals.contents import Threat
from shared.seals.errors import SealBroken


@dataclass(frozen=True)
class ThreatRoutes:
    """Listing them, reading one's message, and saying who was called."""

    pages: AuditPages
    threats: ThreatDesk

    def routes(self) -> Sequence[BaseRoute]:
        """The list, and each one's page and steps."""
        return [
            self.pages.route("GET", "/threats", self.show_all),
            self.pages.route("GET", "/threats/{leak_id}", self.show),
            self.pages.route("POST", "/threats/{leak_id}/read", self.read),
            self.pages.route("POST", "/threats/{leak_id}/settle", self.settle),
        ]

    async def show_all(self, request: Request, _person: Person) -> Response:
        """Unsettled first."""
        return self.pages.page(request, "threats.html", threats=await self.threats.emergencies())

    async def show(self, request: Request, _person: Person) -> Response:
        """One threat, its message closed."""
        return await self._page(request)

    async def read(self, request: Request, person: Person) -> Response:
        """Message and policy, in this answer only; the log has it first."""
        try:
            read = await self.threats.read(person.name, request.path_params["leak_id"])
        except SealBroken:
            return await self._page(request, 409, seal_broken=True)
        return await self._page(request, read=read)

    async def settle(self, request: Request, person: Person) -> Response:
        """Who was called, and when."""
        note = forms.text(await request.form(), "note")[: domain.TEXT_MAX]
        if not note:
            return await self._page(request, 422, missing=True)
        await self._find(request)
        await self.threats.settle(person.name, request.path_params["leak_id"], note)
        return RedirectResponse("/threats", 303)

    async def _page(
        self,
        request: Request,
        status: int = 200,
        *,
        read: Threat | None = None,
        missing: bool = False,
        seal_broken: bool = False,
    ) -> Response:
        return self.pages.page(
            request,
            "threat.html",
            status,
            threat=await self._find(request),
            read=read,
            missing=missing,
            seal_broken=seal_broken,
            text_max=domain.TEXT_MAX,
        )

    async def _find(self, request: Request) -> Emergency:
        threat = await self.threats.find(request.path_params["leak_id"])
        if threat is None:
            raise HTTPException(404)
        return threat
