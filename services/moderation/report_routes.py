"""HTTP in, for reports: what recipients say of mail that was sent."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from services.moderation import views
from services.moderation.parts import Parts
from services.moderation.routes import ROLE
from services.moderation.store.reports import Report
from shared.console.console import Console
from shared.console.sessions import Person

OUTCOMES: Final = ("upheld", "dismissed")


class ReportRoutes:
    """The list of open reports, one report, its closing."""

    def __init__(self, console: Console, parts: Parts) -> None:
        self._console = console
        self._store = parts.store
        self._judge = parts.judge
        self._clock = parts.clock

    def all(self) -> list[BaseRoute]:
        """Everything about reports."""
        route = self._console.route
        return [
            route("GET", "/reports", self._list, ROLE),
            route("GET", "/reports/{report_id}", self._show, ROLE),
            route("POST", "/reports/{report_id}", self._close, ROLE),
        ]

    async def _list(self, request: Request, _person: Person) -> Response:
        now = self._clock()
        reports = [(one, views.age(one.reported_at, now)) for one in await self._store.reports.open()]
        done = request.query_params.get("done", "")
        return self._console.page(request, "reports.html", reports=reports, notice="closed" if done == "closed" else "")

    async def _show(self, request: Request, _person: Person) -> Response:
        return await self._page(request, await self._find(request))

    async def _close(self, request: Request, person: Person) -> Response:
        outcome = (await request.form()).get("outcome")
        report = await self._find(request)
        if outcome not in OUTCOMES:
            return await self._page(request, report, status=400, fault="outcome")
        if not await self._store.reports.close(report.report_id, str(outcome), person.name, self._clock()):
            raise HTTPException(409)
        return RedirectResponse("/reports?done=closed", 303)

    async def _find(self, request: Request) -> Report:
        report = await self._store.reports.find(request.path_params["report_id"])
        if report is None:
            raise HTTPException(404)
        return report

    async def _page(self, request: Request, report: Report, status: int = 200, fault: str = "") -> Response:
        leak_id, about = report.leak_id, report.recipient_pseudonyms
        first = (await self._store.outcomes.find([leak_id])).get(leak_id)
        case = await self._store.cases.by_leak(leak_id)
        words = report.sealed_details if "show" in request.query_params else None
        return self._console.page(
            request,
            "report.html",
            status,
            report=report,
            fault=fault,
            outcomes=OUTCOMES,
            age=views.age(report.reported_at, self._clock()),
            by_person=case is not None and case.decided_by is not None,
            version=first.version if first else None,
            details=self._judge.details(report.token_digest, words, report.reported_at) if words else None,
            reported=await self._store.reports.count_about(about) if about else 0,
        )
