"""Serves /docs: Swagger UI as released by its makers (`vendored/`, Apache-2.0), started by a script of ours."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from shared.web.headers import page_headers

HERE = Path(__file__).parent
FILES = {
    "envelope.svg": HERE.parent / "pages" / "static" / "envelope.svg",
    "swagger-ui-bundle.js": HERE / "vendored" / "swagger-ui-bundle.js",
    "swagger-ui.css": HERE / "vendored" / "swagger-ui.css",
    "start.js": HERE / "start.js",
}
# Swagger UI sets style attributes and draws its icons from data: URLs; scripts come from here alone.
HEADERS = page_headers(
    style_src="'self' 'unsafe-inline'", img_src="'self' data:", connect_src="'self'", form_action="'none'"
)
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
