"""The JSON API: parse, act, answer. The hot route stands in submit_route.py; pages are added by wiring."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.gateway.domain import State
from services.gateway.links import LINK_CHARACTERS, token_of
from services.gateway.live_acts import DETAILS_CHARACTERS, LiveActs
from services.gateway.problems import API_HEADERS, problem
from services.gateway.receipts import Receipt
from services.gateway.reference.document import problem_responses
from services.gateway.submit_route import moment
from shared.events.recipients import ReportReason
from shared.seals.contents import Statement
from shared.seals.tokens import take_apart
from shared.web.languages import asked_for

ALWAYS = problem_responses("too-many", "unavailable")
OF_BODY = {**problem_responses("malformed", "too-large", "not-json", "invalid"), **ALWAYS}
OF_RECEIPT = {**problem_responses("no-receipt", "unknown-receipt"), **ALWAYS}
RECEIPT = HTTPBearer(auto_error=False, scheme_name="receipt", description="The receipt, as it was shown.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(RECEIPT)]


class TokenBody(BaseModel):
    """A token from a link in one of our mails."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    token: Annotated[
        str,
        Field(max_length=LINK_CHARACTERS, description="The link, or what it has between the last / and the ?."),
        AfterValidator(token_of),
    ]


class ReportBody(TokenBody):
    """A recipient's report."""

    reason: ReportReason
    details: Annotated[str, Field(max_length=DETAILS_CHARACTERS, description="In your words, for a moderator.")] = ""


class Noted(BaseModel):
    """The one answer to every token."""

    detail: str


class Asked(BaseModel):
    """The answer to a cancel."""

    leak_id: str
    detail: str


class Step(BaseModel):
    """A state and since when."""

    state: State
    since: str = Field(json_schema_extra={"format": "date-time"})


class Reasons(BaseModel):
    """Why a leak was refused: the statement of reasons, opened with the receipt."""

    policy: str
    title: str
    facts: str
    automated: bool
    redress: str


class LeakStatus(BaseModel):
    """Where a leak stands. `closed`: our part is done; we never say whether it was delivered, bounced or blocked."""

    leak_id: str
    state: State
    timeline: list[Step]
    confirm_before: str = Field(json_schema_extra={"format": "date-time"})
    can_cancel: bool
    decision: Reasons | None = None


def api_routes(acts: LiveActs) -> APIRouter:
    """Every route of the API but the hot one."""
    router = APIRouter(prefix="/v1")
    _receipt_routes(router, acts)
    _token_routes(router, acts)
    return router


def one_click_routes(acts: LiveActs) -> APIRouter:
    """The target of List-Unsubscribe (RFC 8058): only the mail client's POST acts."""
    router = APIRouter(include_in_schema=False)

    @router.post("/one-click/{token}")
    async def one_click(request: Request, token: str) -> Response:
        form = await request.form(max_files=0, max_fields=10)
        if form.get("List-Unsubscribe") != "One-Click":
            return problem("malformed")
        await acts.block(request, token)
        return PlainTextResponse("Done.", headers=API_HEADERS)

    @router.get("/one-click/{token}")
    async def show(token: str) -> Response:
        # Because a person followed the link: the page has the button.
        return RedirectResponse(f"/block/{token}" if take_apart(token) else "/block", 303, API_HEADERS)

    return router


def _receipt_routes(router: APIRouter, acts: LiveActs) -> None:
    @router.get(
        "/leaks/mine",
        tags=["leaks"],
        summary="Where my leak stands",
        response_model=LeakStatus,
        responses=OF_RECEIPT,
    )
    async def show_status(request: Request, bearer: Bearer) -> Response:
        if bearer is None:
            return problem("no-receipt", headers={"www-authenticate": "Bearer"})
        receipt = bearer.credentials
        status = await acts.status(request, receipt, asked_for(request.headers))
        shown = LeakStatus(
            leak_id=status.leak_id,
            state=status.state,
            timeline=[Step(state=state, since=moment(at)) for state, at in status.timeline],
            confirm_before=moment(status.confirm_before),
            can_cancel=status.can_cancel,
            decision=_reasons(status.decision) if status.decision else None,
        )
        return JSONResponse(shown.model_dump(exclude_none=True), headers=API_HEADERS)

    @router.delete(
        "/leaks/mine",
        tags=["leaks"],
        summary="Cancel my leak",
        status_code=202,
        response_model=Asked,
        responses=OF_RECEIPT,
    )
    async def cancel(request: Request, bearer: Bearer) -> Response:
        if bearer is None:
            return problem("no-receipt", headers={"www-authenticate": "Bearer"})
        receipt = bearer.credentials
        await acts.cancel(request, receipt)
        asked = Asked(
            leak_id=_leak_id(receipt),
            detail="Whoever holds it is asked to stop. The state is cancelled once nothing can leave.",
        )
        return JSONResponse(asked.model_dump(), 202, API_HEADERS)


def _token_routes(router: APIRouter, acts: LiveActs) -> None:
    @router.post(
        "/confirmations",
        tags=["senders"],
        summary="Confirm a leak",
        status_code=202,
        response_model=Noted,
        responses=OF_BODY,
    )
    async def confirm(request: Request, body: TokenBody) -> Response:
        await acts.confirm(request, body.token)
        return _noted("If this confirms a leak, it is confirmed.")

    @router.post(
        "/stops",
        tags=["senders"],
        summary="This wasn't me, never again",
        status_code=202,
        response_model=Noted,
        responses=OF_BODY,
    )
    async def stop(request: Request, body: TokenBody) -> Response:
        await acts.stop(request, body.token)
        return _noted("If this belongs to an address, it gets no more of these mails.")

    @router.post(
        "/blocks",
        tags=["recipients"],
        summary="Never write to me again",
        status_code=202,
        response_model=Noted,
        responses=OF_BODY,
    )
    async def block(request: Request, body: TokenBody) -> Response:
        await acts.block(request, body.token)
        return _noted("If this belongs to an address, nothing more is sent to it.")

    @router.post(
        "/reports",
        tags=["recipients"],
        summary="Report a leak",
        status_code=202,
        response_model=Noted,
        responses=OF_BODY,
    )
    async def report(request: Request, body: ReportBody) -> Response:
        await acts.report(request, body.token, body.reason, body.details)
        return _noted("If this belongs to a leak, a moderator looks at it.")


def _reasons(statement: Statement) -> Reasons:
    return Reasons(
        policy=statement.policy,
        title=statement.title,
        facts=statement.reasons,
        automated=statement.automated,
        redress=statement.redress,
    )


def _noted(detail: str) -> Response:
    return JSONResponse({"detail": detail}, 202, API_HEADERS)


def _leak_id(receipt: str) -> str:
    read = Receipt.read(receipt)
    if read is None:
        raise ValueError("the acts took a receipt that can't be read")
    return read.leak_id
