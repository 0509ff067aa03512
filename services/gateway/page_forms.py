"""Forms as browsers send them: read with a limit, refused from another site, turned into what the acts take."""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.gateway.acts import Draft
from shared.web.same_origin import made_here

MAX_FORM_BYTES = 65_536
MAX_FIELDS = 32
_KEY = re.compile(r"[0-9]{8}-[0-9a-f]{32}")


class FormRefused(Exception):
    """A form that is not acted upon; `status` is the HTTP status that says why."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


async def read_form(request: Request, public_url: str) -> dict[str, str]:
    """The fields of a form. Raises FormRefused: from another site, too long, or not a form.

    A stranger's page could make a visitor's browser write a leak, and the visitor's origin would be kept. A browser
    that doesn't say who made the form is let in: it is old, or a person's own program, and no session is at stake.
    """
    if made_here(request.headers, public_url) is False:
        raise FormRefused(403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise FormRefused(400)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise FormRefused(413)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
    except ValueError as malformed:
        raise FormRefused(400) from malformed


def draft_of(form: Mapping[str, str]) -> Draft:
    """What was typed, unchecked."""
    key = form.get("idempotency_key", "")
    return Draft(
        recipient=form.get("recipient", "").strip(),
        message=plain_lines(form.get("message", "")),
        sender=form.get("sender", "").strip(),
        relation=form.get("relation", ""),
        kind=form.get("kind", ""),
        language=form.get("language", ""),
        consent=form.get("consent") == "yes",
        idempotency_key=key if _KEY.fullmatch(key) else new_key(),
    )


def plain_lines(typed: str) -> str:
    """Because browsers send each line break as two characters, which would count twice."""
    return typed.replace("\r\n", "\n").replace("\r", "\n").strip()


def new_key() -> str:
    """A day and 128 random bits, which make a form sent twice one leak."""
    return f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(16)}"
