"""POST /v1/leaks: the hot route, a bare ASGI endpoint beside FastAPI's routes, at a third of their cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.gateway.acts import ActError, TooMany
from services.gateway.drafts import LeakRequest, codes, is_json_broken
from services.gateway.edge import SCOPE_KEY
from services.gateway.live_acts import BadClaimedAddress, BadIdempotencyKey, LiveActs, UnknownClient
from services.gateway.problems import API_HEADERS, problem

STATE: Final = "awaiting_confirmation"


def refusal(error: ActError) -> Response:
    """The problem that tells why an act did not happen."""
    if isinstance(error, TooMany):
        return problem("too-many", retry_after_s=error.retry_after_s)
    if isinstance(error, UnknownClient):
        return problem("unknown-client")
    if isinstance(error, BadClaimedAddress):
        return problem("bad-client-address")
    if isinstance(error, BadIdempotencyKey):
        return problem("bad-idempotency-key")
    if error.retry_after_s is None:
        return problem("unknown-receipt")
    return problem("unavailable", retry_after_s=error.retry_after_s)


def is_json(content_type: str) -> bool:
    """Whether a body says that it is JSON; a form on another site's page can't, so its visitors aren't framed."""
    return content_type.partition(";")[0].strip().lower() == "application/json"


def moment(at: datetime) -> str:
    """A moment as the API writes it: RFC 3339, UTC, to the second."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


class SubmitLeak:
    """Checks, accepts, answers 202 with the receipt."""

    def __init__(self, acts: LiveActs) -> None:
        self._acts = acts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(scope, receive)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        content_type, key = _headers(scope["headers"])
        if not is_json(content_type):
            return problem("not-json")
        # WholeBodies gives the body in one message.
        body = (await receive())["body"]
        try:
            leak = LeakRequest.model_validate_json(body)
        except ValidationError as refused:
            return problem("malformed") if is_json_broken(refused) else problem("invalid", errors=codes(refused))
        try:
            accepted = await self._acts.accept(scope[SCOPE_KEY], leak, key)
        except ActError as error:
            return refusal(error)
        # Every value is of our own making and plain ASCII, so it needs no JSON encoder.
        answer = (
            f'{{"leak_id":"{accepted.leak_id}","receipt":"{accepted.receipt}",'
            f'"state":"{STATE}","confirm_before":"{moment(accepted.confirm_before)}"}}'
        )
        return Response(answer, 202, API_HEADERS, "application/json")


def _headers(headers: Sequence[tuple[bytes, bytes]]) -> tuple[str, str | None]:
    content_type, key = "", None
    for name, value in headers:
        if name == b"content-type":
            content_type = value.decode("latin-1")
        elif name == b"idempotency-key":
            key = value.decode("latin-1")
    return content_type, key
