"""The console's orders: the queue, one order, and its steps. Each step's page says what it does before it does it."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from services.audit import domain, forms, views
from services.audit.domain import Order, Why
from services.audit.orders import OpeningFailed, OrderDesk, StepRefused
from services.audit.page import AuditPages
from services.audit.store.origins import OriginStore
from services.audit.threats import ThreatDesk
from shared.console.sessions import Person

# Only these steps are explained in words by whoever takes them.
WITH_WORDS = frozenset({"refuse", "close"})


@dataclass(frozen=True)
class OrderRoutes:
    """Everything about orders but their entry."""

    pages: AuditPages
    desk: OrderDesk
    store: OriginStore
    threats: ThreatDesk
    approval_h: int

    def routes(self) -> Sequence[BaseRoute]:
        """To be listed after the entry's routes."""
        return [
            self.pages.route("GET", "/", self.queue),
            self.pages.route("GET", "/orders/{number:int}", self.show),
            self.pages.route("GET", "/orders/{number:int}/{action}", self.ask),
            self.pages.route("POST", "/orders/{number:int}/{action}", self.act),
        ]

    async def queue(self, request: Request, person: Person) -> Response:
        """What waits, by deadline; emergencies above."""
        orders = list((await self.desk.orders()).values())
        waiting, ended = views.queue(orders, person.name, self.pages.clock())
        unsettled = [threat for threat in await self.threats.emergencies() if not threat.settled]
        return self.pages.page(request, "queue.html", waiting=waiting, ended=ended, threats=unsettled)

    async def show(self, request: Request, person: Person) -> Response:
        """One order: its clock, its next step, what the log has of it."""
        order = await self._order(request)
        return self.pages.page(
            request,
            "order.html",
            order=order,
            view=views.view(order, person.name, self.pages.clock()),
            origins=await self.store.origins(order.leak_id),
            life=await self.store.life(order.leak_id),
        )

    async def ask(self, request: Request, person: Person) -> Response:
        """The page before a step: what it does, what can't be undone, what is missing."""
        return await self._step_page(request, person, await self._order(request))

    async def act(self, request: Request, person: Person) -> Response:
        """Take the step. The rules decide; a refused attempt is in the log, and its page says why."""
        form, order, action = await request.form(), await self._order(request), request.path_params["action"]
        words = forms.text(form, "said")[: domain.TEXT_MAX]
        if forms.text(form, "confirmed") != "yes" or (action in WITH_WORDS and not words):
            return await self._step_page(request, person, order, status=422, missing=True)
        if action == "open" and forms.text(form, "after") != str(order.entries[-1].seq):
            # A download leaves its page in the browser, armed: one page opens once.
            return await self._step_page(request, person, order, status=409, used=True)
        try:
            match action:
                case "approve":
                    await self.desk.approve(person.name, order.number, forms.ticked(form, "fields"))
                case "refuse":
                    await self.desk.refuse(person.name, order.number, words)
                case "close":
                    await self.desk.close(person.name, order.number, words)
                case "open":
                    return _download(order, await self.desk.open(person.name, order.number))
                case _:
                    raise HTTPException(404)
        except StepRefused as refused:
            return self._refused(request, order, refused.why)
        except OpeningFailed:
            return self._refused(request, order, "seal_broken")
        return RedirectResponse(f"/orders/{order.number}", 303)

    async def _step_page(
        self,
        request: Request,
        person: Person,
        order: Order,
        status: int = 200,
        *,
        missing: bool = False,
        used: bool = False,
    ) -> Response:
        view = views.view(order, person.name, self.pages.clock())
        step = next((step for step in view.steps if step.action == request.path_params["action"]), None)
        if step is None:
            raise HTTPException(404)
        return self.pages.page(
            request,
            f"{step.action}.html",
            status,
            order=order,
            view=view,
            step=step,
            missing=missing,
            used=used,
            origins=await self.store.origins(order.leak_id),
            approval_h=self.approval_h,
            text_max=domain.TEXT_MAX,
        )

    def _refused(self, request: Request, order: Order, why: Why) -> Response:
        return self.pages.page(request, "refused.html", 409, why=why, order=order)

    async def _order(self, request: Request) -> Order:
        order = (await self.desk.orders()).get(request.path_params["number"])
        if order is None:
            raise HTTPException(404)
        return order


def _download(order: Order, answer: bytes) -> Response:
    headers = {"content-disposition": f'attachment; filename="leak-answer-order-{order.number}.json"'}
    return Response(answer, media_type="application/json", headers=headers)
