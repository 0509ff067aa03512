"""Serves /docs: Swagger UI as released by its makers (`vendored/`, Apache-2.0), started by a script of ours."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

HERE = Path(__file__).parent
FILES = {
    "envelope.svg": HERE.parent / "pages" / "static" / "envelope.svg",
    "swagger-ui-bundle.js": HERE / "vendored" / "swagger-ui-bundle.js",
    "swagger-ui.css": HERE / "vendored" / "swagger-ui.css",
    "start.js": HERE / "start.js",
}
HEADERS = {
    # Swagger UI sets style attributes and draws its icons from data: URLs; scripts come from here alone.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leak's API</title>
<link rel="icon" type="image/svg+xml" href="/docs/envelope.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="reference"><noscript>The same, for programs: <a href="/openapi.json">/openapi.json</a></noscript></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""


def reference_routes() -> list[BaseRoute]:
    """The page and its files."""
    return [
        Route("/docs", _page, methods=["GET"], include_in_schema=False),
        Route("/docs/{name}", _file, methods=["GET"], include_in_schema=False),
    ]


async def _page(_request: Request) -> Response:
    return HTMLResponse(PAGE, headers=HEADERS)


async def _file(request: Request) -> Response:
    path = FILES.get(request.path_params["name"])
    if path is None:
        return Response(status_code=404)
    return FileResponse(path, headers={"cache-control": "max-age=86400", "x-content-type-options": "nosniff"})
