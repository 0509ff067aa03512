"""HTTP in, for moderators: the queue and one case at a time. Parse, let the desk act, answer."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from services.moderation import views
from services.moderation.desk import Claim, Desk
from services.moderation.domain import STATEMENT_MAX, Case, PolicyMissing, Refused, StatementMissing, TooLate
from services.moderation.parts import Parts
from shared.console.console import Console
from shared.console.sessions import Person
from shared.statement import statement_html

ROLE: Final = "moderator"
NOTICES: Final = frozenset({"approved", "rejected", "given_back", "nothing", "closed"})

Act = Callable[[Request, Person, FormData], Awaitable[Response]]


class Routes:
    """The moderators' pages."""

    def __init__(self, console: Console, desk: Desk, parts: Parts) -> None:
        self._console = console
        self._desk = desk
        self._parts = parts
        self._store = parts.store
        self._policies = parts.policies
        self._clock = parts.clock

    def all(self) -> list[BaseRoute]:
        """Everything about cases."""
        route = self._console.route
        return [
            route("GET", "/", self._queue, ROLE),
            route("POST", "/next", self._next, ROLE),
            route("GET", "/cases/{case_id}", self._case, ROLE),
            route("GET", "/cases/{case_id}/reject", self._rejection, ROLE),
            route("GET", "/cases/{case_id}/escalate", self._escalation, ROLE),
            self._act("claim", self._claim),
            self._act("approve", self._approve),
            self._act("reject", self._reject),
            self._act("escalate", self._escalate),
            self._act("release", self._release),
            # The page beats by itself: that must keep neither a session alive nor a claim without its session.
            route("POST", "/cases/{case_id}/beat", self._beat, ROLE, acts=False),
        ]

    def _act(self, verb: str, act: Act) -> BaseRoute:
        async def endpoint(request: Request, person: Person) -> Response:
            try:
                return await act(request, person, await request.form())
            except TooLate:
                return await self._late(request)

        return self._console.route("POST", f"/cases/{{case_id}}/{verb}", endpoint, ROLE)

    async def _queue(self, request: Request, person: Person) -> Response:
        now, language = self._clock(), self._console.texts(request).language
        cases = await self._store.cases.queue(now)
        backlog = await self._store.cases.backlog(now)
        notice = request.query_params.get("done", "")
        return self._console.page(
            request,
            "queue.html",
            notice=notice if notice in NOTICES else "",
            backlog=backlog,
            oldest=views.age(backlog.oldest, now) if backlog.oldest else None,
            reports=await self._store.reports.count_open(),
            rows=[views.row(case, self._policies, language, person.name, now) for case in cases],
        )

    async def _next(self, _request: Request, person: Person) -> Response:
        case = await self._desk.take_next(person.name)
        return RedirectResponse(f"/cases/{case.case_id}" if case else "/?done=nothing", 303)

    async def _case(self, request: Request, person: Person) -> Response:
        case = await self._find(request)
        asked = self._is_mine(case, person) and "show" in request.query_params and case.letter is not None
        message = await self._desk.read(case) if asked else None
        return self._page(
            request,
            "case.html",
            case,
            person,
            history=await self._desk.history(case),
            pieces=views.pieces(message, case.findings) if message is not None else None,
        )

    async def _rejection(self, request: Request, person: Person) -> Response:
        case = await self._find(request)
        if not self._is_mine(case, person):
            return await self._late(request)
        policy = request.query_params.get("policy", case.policy or "")
        return self._reject_page(request, case, person, policy=policy, statement=self._words(policy, case))

    async def _escalation(self, request: Request, person: Person) -> Response:
        case = await self._find(request)
        if not self._is_mine(case, person):
            return await self._late(request)
        return self._page(request, "escalate.html", case, person, fault="")

    async def _claim(self, request: Request, person: Person, _form: FormData) -> Response:
        case = await self._desk.take(request.path_params["case_id"], person.name)
        return RedirectResponse(f"/cases/{case.case_id}", 303)

    async def _approve(self, request: Request, person: Person, form: FormData) -> Response:
        try:
            await self._desk.approve(_claim_of(request, person, form))
        except TooLate:
            raise
        except Refused as refused:
            raise HTTPException(409) from refused
        return RedirectResponse("/?done=approved", 303)

    async def _reject(self, request: Request, person: Person, form: FormData) -> Response:
        policy, statement = _text(form, "policy"), _text(form, "statement")
        claim = _claim_of(request, person, form)
        try:
            await self._desk.reject(claim, self._policies.get(policy), statement)
        except (PolicyMissing, StatementMissing) as refused:
            fault = "policy" if isinstance(refused, PolicyMissing) else "statement"
            case = await self._find(request)
            return self._reject_page(request, case, person, policy=policy, statement=statement, fault=fault)
        return RedirectResponse("/?done=rejected", 303)

    async def _escalate(self, request: Request, person: Person, form: FormData) -> Response:
        claim, policy = _claim_of(request, person, form), self._policies.get(_text(form, "policy"))
        try:
            await self._desk.escalate(claim, policy)
        except PolicyMissing:
            return self._page(request, "escalate.html", await self._find(request), person, status=400, fault="policy")
        return RedirectResponse(f"/cases/{claim.case_id}", 303)

    async def _release(self, request: Request, person: Person, form: FormData) -> Response:
        await self._desk.give_back(_claim_of(request, person, form))
        return RedirectResponse("/?done=given_back", 303)

    async def _beat(self, request: Request, person: Person) -> Response:
        try:
            await self._desk.keep(_claim_of(request, person, await request.form()))
        except TooLate:
            return Response(status_code=409)
        return Response(status_code=204)

    async def _find(self, request: Request) -> Case:
        case = await self._store.cases.by_case_id(request.path_params["case_id"])
        if case is None:
            raise HTTPException(404)
        return case

    async def _late(self, request: Request) -> Response:
        return self._console.page(request, "late.html", 409, case_id=(await self._find(request)).case_id)

    def _is_mine(self, case: Case, person: Person) -> bool:
        lease = case.lease
        return case.ending == "held" and lease is not None and lease.holds(person.name, case.fence, self._clock())

    def _words(self, policy: str, case: Case) -> str:
        if policy not in self._policies or case.letter is None:
            return ""
        return self._parts.statements.prefilled(policy, case.letter.language)

    def _reject_page(
        self,
        request: Request,
        case: Case,
        person: Person,
        *,
        policy: str,
        statement: str,
        fault: str = "",
    ) -> Response:
        language = case.letter.language if case.letter else "en"
        words = {id_: one.senders[language] for id_, one in self._policies.items()}
        titles = {id_: one.title[language] for id_, one in self._policies.items()}
        return self._page(
            request,
            "reject.html",
            case,
            person,
            status=400 if fault else 200,
            fault=fault,
            chosen=policy,
            statement=statement,
            words=words,
            titles=titles,
            statement_max=STATEMENT_MAX,
            preview=statement_html(
                self._parts.statements.statement(policy, statement, language, automated=False), language
            ),
        )

    def _page(
        self,
        request: Request,
        template: str,
        case: Case,
        person: Person,
        *,
        status: int = 200,
        **facts: object,
    ) -> Response:
        now = self._clock()
        return self._console.page(
            request,
            template,
            status,
            case=case,
            mine=self._is_mine(case, person),
            policies=self._policies,
            taken=case.lease is not None and now < case.lease.until,
            age=views.age(case.opened_at, now),
            recipient=self._parts.names.recipient(case),
            until=case.lease.until if case.lease else None,
            **facts,
        )


def _claim_of(request: Request, person: Person, form: FormData) -> Claim:
    fence = _text(form, "fence")
    if not fence.isascii() or not fence.isdigit():
        raise HTTPException(400)
    return Claim(request.path_params["case_id"], person.name, int(fence))


def _text(form: FormData, field: str) -> str:
    value = form.get(field, "")
    return value if isinstance(value, str) else ""
