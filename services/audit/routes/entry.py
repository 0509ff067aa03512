"""Entering an order, one step a page; nothing is kept before the last one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from services.audit import domain, forms
from services.audit.domain import OrderDraft, Rules
from services.audit.orders import OrderDesk
from services.audit.page import AuditPages
from services.audit.store.origins import OriginStore
from shared.console.sessions import Person
from shared.digests import sha256


@dataclass(frozen=True)
class EntryRoutes:
    """The steps carry what was typed along in the page, so that going back loses nothing."""

    pages: AuditPages
    desk: OrderDesk
    store: OriginStore
    rules: Rules
    grounds: Sequence[str]

    def routes(self) -> Sequence[BaseRoute]:
        """To be listed before the orders' own."""
        return [
            self.pages.route("GET", "/orders/new", self.start),
            self.pages.route("POST", "/orders/new", self.go_on),
        ]

    async def start(self, request: Request, _person: Person) -> Response:
        """The first step, empty or begun on a threat's page."""
        return await self._page(request, forms.started(request.query_params), 0)

    async def go_on(self, request: Request, person: Person) -> Response:
        """One step on, one back, or into the log."""
        asked = forms.entry_form(await request.form())
        if asked.go == "back":
            return await self._page(request, asked.draft, max(asked.step - 1, 0))
        draft = await self._by_its_mail(asked.draft)
        problems = domain.problems(draft, self.grounds, self.pages.clock())
        wrong = forms.first_wrong(problems, asked.step)
        if wrong is not None:
            return await self._page(request, draft, wrong, problems)
        if asked.step < forms.REVIEW:
            return await self._page(request, draft, asked.step + 1)
        if not asked.confirmed:
            return await self._page(request, draft, asked.step, {"confirmed": "missing"})
        order = await self.desk.enter(person.name, draft)
        return RedirectResponse(f"/orders/{order.number}", 303)

    async def _by_its_mail(self, draft: OrderDraft) -> OrderDraft:
        """With the leak's id, where its mail's Message-ID or header was given instead."""
        digests = [sha256(message_id) for message_id in forms.message_ids(draft.leak_id)]
        leaks = await self.store.delivered_as(digests) if digests else set()
        return replace(draft, leak_id=leaks.pop()) if len(leaks) == 1 else draft

    async def _page(
        self, request: Request, draft: OrderDraft, step: int, problems: Mapping[str, str] | None = None
    ) -> Response:
        reviewing = step == forms.REVIEW
        return self.pages.page(
            request,
            "new.html",
            422 if problems else 200,
            draft=draft,
            step=step,
            problems=problems or {},
            review=forms.REVIEW,
            shown=forms.STEPS[step] if not reviewing else (),
            known_fields=domain.FIELDS,
            local_time=forms.LOCAL_TIME,
            text_max=domain.TEXT_MAX,
            mail_header_max=forms.MAIL_HEADER_MAX,
            rules=self.rules,
            origins=await self.store.origins(draft.leak_id) if reviewing else None,
            due_at=domain.due_at(draft, self.rules) if reviewing else None,
        )
