"""Errors of the API as problem documents (RFC 9457). They are made of our own words alone, so they can't echo input."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
API_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}

# name → (status, title, what to do next). The name is what a program tells apart; a title never changes.
CATALOGUE: Mapping[str, tuple[int, str, str]] = {
    "malformed": (400, "The body can't be read", "Send one JSON object in UTF-8."),
    "bad-idempotency-key": (
        400,
        "The Idempotency-Key can't be used",
        "Use today's date, a hyphen and at least 128 random bits: YYYYMMDD-… with 22 to 200 letters, digits, - or _.",
    ),
    "bad-client-address": (
        400,
        "Leak-Client-Address can't be read",
        "Send an IP address, alone or with a port: 192.0.2.7:50123, [2001:db8::7]:50123.",
    ),
    "bad-host": (
        400,
        "The Host header can't be used",
        "Send one Host header, with the name in the address that the operator publishes.",
    ),
    "no-receipt": (401, "A receipt is needed", "Send Authorization: Bearer and the receipt."),
    "unknown-client": (401, "This client key isn't known", "Ask the operator for a key, or send without one."),
    "not-found": (404, "There is nothing here", "The API is described at /openapi.json."),
    "unknown-receipt": (
        404,
        "No leak has this receipt",
        "Compare it with what you kept. If you sent the leak just now, wait a few seconds.",
    ),
    "wrong-method": (405, "This can't be done here", "The API is described at /openapi.json."),
    "too-slow": (408, "The body took too long", "Nothing was kept. Send it again in one piece."),
    "too-large": (
        413,
        "The body is too large",
        "Send at most 32 KiB; a message has at most 2,000 characters. Nothing was kept.",
    ),
    "not-json": (415, "The body isn't JSON", "Send content-type: application/json."),
    "misdirected": (421, "We don't answer to this name", "Use the address that the operator publishes."),
    "invalid": (
        422,
        "Some fields can't be used",
        "Mend the fields in errors, which tells the reason of each (explained at /docs), and send it again.",
    ),
    "too-many": (429, "Too many requests", "Wait as long as Retry-After says. Nothing was kept."),
    "server-error": (
        500,
        "Something broke on our side",
        "Try again later; the same Idempotency-Key makes the same leak.",
    ),
    "unavailable": (
        503,
        "We can't take this now",
        "Try again after Retry-After; the same Idempotency-Key makes the same leak.",
    ),
}


def problem(
    name: str,
    *,
    errors: Mapping[str, str] | None = None,
    retry_after_s: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for one entry of the catalogue. `errors` holds our own field names and codes, never a value sent."""
    status, title, detail = CATALOGUE[name]
    body: dict[str, object] = {"type": f"urn:leak:problem:{name}", "title": title, "status": status, "detail": detail}
    if errors is not None:
        body["errors"] = dict(errors)
    extra = dict(headers or {})
    if retry_after_s is not None:
        extra["retry-after"] = str(retry_after_s)
    return Response(json.dumps(body), status, {**API_HEADERS, **extra}, MEDIA_TYPE)


def for_status(status: int) -> Response:
    """The answer for a status that the framework raised by itself."""
    name = {404: "not-found", 405: "wrong-method", 413: "too-large", 415: "not-json"}.get(status)
    if name is None:
        name = "server-error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "malformed"
    return problem(name)
