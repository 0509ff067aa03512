"""The public application: the API, its reference and the pages in one FastAPI app, behind the edge."""

from collections.abc import Iterable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.acts import ActError
from services.gateway.bodies import WholeBodies
from services.gateway.drafts import CODES, NAMELESS, WRONG_TYPE
from services.gateway.edge import Edge, path_of
from services.gateway.forwarded import TrustedProxies
from services.gateway.live_acts import LiveActs
from services.gateway.page_routes import error_page, page_routes
from services.gateway.pages.site import Site
from services.gateway.problems import for_status, problem
from services.gateway.reference.document import ABOUT, describe
from services.gateway.reference.routes import reference_routes
from services.gateway.routes import ReportBody, api_routes, one_click_routes
from services.gateway.submit_route import SubmitLeak, is_json, refusal

API_PATHS = ("/v1/", "/one-click/", "/openapi.json", "/docs")
VERSION = "1"


def application(acts: LiveActs, site: Site, trusted: TrustedProxies, hosts: Iterable[str]) -> ASGIApp:
    """Edge, then bodies, then routes. Only the edge sees who calls."""
    app = FastAPI(title="Leak", version=VERSION, description=ABOUT, docs_url=None, redoc_url=None)
    submit = SubmitLeak(acts)
    # In the app too, so that every other method is answered 405.
    app.router.routes.append(Route("/v1/leaks", submit, methods=["POST"], include_in_schema=False))
    app.include_router(api_routes(acts))
    app.include_router(one_click_routes(acts))
    pages: list[BaseRoute] = [*reference_routes(), *page_routes(acts, site)]
    app.router.routes.extend(pages)
    describe(app)
    _handle_errors(app, site)
    return Edge(WholeBodies(HotRouteFirst(app, submit)), trusted, hosts)


class HotRouteFirst:
    """ASGI middleware: POST /v1/leaks goes straight to its endpoint, past a quarter of its cost in the framework."""

    def __init__(self, app: ASGIApp, submit: SubmitLeak) -> None:
        self._app = app
        self.submit = submit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose."""
        hot = scope["type"] == "http" and scope["path"] == "/v1/leaks" and scope["method"] == "POST"
        await (self.submit if hot else self._app)(scope, receive, send)


def _handle_errors(app: FastAPI, site: Site) -> None:
    @app.exception_handler(ActError)
    async def on_act_error(_request: Request, error: ActError) -> Response:
        return refusal(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, refused: RequestValidationError) -> Response:
        if not is_json(request.headers.get("content-type", "")):
            return problem("not-json")
        errors = refused.errors()
        if any(error["type"] == "json_invalid" for error in errors):
            return problem("malformed")
        found = {_field(error["loc"]): CODES.get(error["type"], WRONG_TYPE) for error in errors}
        return problem("invalid", errors=found)

    @app.exception_handler(HTTPException)
    async def on_status(request: Request, error: HTTPException) -> Response:
        answer = for_status(error.status_code) if _is_api(request) else error_page(request, site, error.status_code)
        if error.headers and "Allow" in error.headers:
            answer.headers["allow"] = error.headers["Allow"]
        return answer

    @app.exception_handler(Exception)
    async def on_bug(request: Request, _error: Exception) -> Response:
        return problem("server-error") if _is_api(request) else error_page(request, site, 500)


def _field(location: tuple[int | str, ...]) -> str:
    """One of our own field names; what a client made up is `body`."""
    name = str(location[1]) if len(location) > 1 else NAMELESS
    return name if name in ReportBody.model_fields else NAMELESS


def _is_api(request: Request) -> bool:
    return path_of(request).startswith(API_PATHS)
