"""The OpenAPI document. POST /v1/leaks is described here by hand, since its route is a bare one for speed."""

from typing import Any

from fastapi import FastAPI

from services.gateway.drafts import LeakRequest
from services.gateway.problems import CATALOGUE, MEDIA_TYPE

ABOUT = """Send an anonymous leak, follow it with its receipt, stop it.

What the recipient gets says nothing about who wrote. We do keep the origin (address, port and time), sealed, because
the law asks for it; it is opened on a lawful order only. Errors are problem documents (RFC 9457): tell them apart by
`type`. Every public answer about a token is the same, whether the token means anything or not.
"""
PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": [f"urn:leak:problem:{name}" for name in CATALOGUE]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do next."},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Field to reason: missing, not_an_address, not_text, too_long, too_many_links, unknown, "
            "not_offered, wrong_type. `body` stands for a field that doesn't exist.",
        },
    },
}
ACCEPTED_SCHEMA = {
    "type": "object",
    "required": ["leak_id", "receipt", "state", "confirm_before"],
    "properties": {
        "leak_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "receipt": {
            "type": "string",
            "examples": ["1M6H-9KTC-QG2V-8ZPN-4D7A-RW0X-YEJ5"],
            "description": "Keep it: it is shown once, and nothing else shows the status or cancels.",
        },
        "state": {"type": "string", "const": "awaiting_confirmation"},
        "confirm_before": {"type": "string", "format": "date-time"},
    },
}
HEADER_PARAMETERS = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "pattern": "^[0-9]{8}-[A-Za-z0-9_-]{22,200}$"},
        "description": "Today's date in UTC (YYYYMMDD), a hyphen, at least 128 random bits, kept secret: who knows it "
        "and the request knows the receipt. The same key with the same request is the same leak; with another body it "
        "is another leak. A key is refused from the second day after its own.",
    },
    {
        "name": "Leak-Client-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "An API client's key, for limits of its own.",
    },
    {
        "name": "Leak-Client-Address",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "With a client key: the address, and better also the port, of the client's own user. "
        "Sealed as claimed, beside the true one.",
    },
]


def problem_responses(*names: str) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer beside success."""
    answers: dict[int | str, dict[str, Any]] = {}
    for name in names:
        status, title, _ = CATALOGUE[name]
        known = answers.get(status)
        said = f"{known['description']}, or: {title}" if known else title
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers[status] = {"description": said, "content": content}
    return answers


def describe(app: FastAPI) -> None:
    """Make `app.openapi` tell everything; made once."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generated()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = PROBLEM_SCHEMA
            schemas["LeakRequest"] = LeakRequest.model_json_schema()
            schemas["LeakAccepted"] = ACCEPTED_SCHEMA
            document["paths"] = {"/v1/leaks": {"post": _submit_operation()}, **document["paths"]}
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI documents this way of extending it


def _submit_operation() -> dict[str, Any]:
    refused = problem_responses(
        "malformed",
        "bad-idempotency-key",
        "bad-client-address",
        "unknown-client",
        "too-slow",
        "too-large",
        "not-json",
        "invalid",
        "too-many",
        "unavailable",
    )
    return {
        "tags": ["leaks"],
        "summary": "Send a leak",
        "operationId": "send_leak",
        "description": "Answers when the leak and its sealed origin are durable. "
        "The sender then gets a mail and must confirm; until then nothing moves.",
        "parameters": HEADER_PARAMETERS,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LeakRequest"}}},
        },
        "responses": {
            "202": {
                "description": "Accepted",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LeakAccepted"}}},
            },
            **{str(status): answer for status, answer in refused.items()},
        },
    }
