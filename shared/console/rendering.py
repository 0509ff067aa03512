"""A console's pages: templates and words of the console itself and of its service, in the visitor's language."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.console.site import ConsoleSite
from shared.web import look
from shared.web.assets import Assets
from shared.web.languages import language_of
from shared.web.templates import environment
from shared.web.texts import Texts, in_every_language

OWN_PAGES: Final = Path(__file__).parent / "pages"
_TOLD: Final = frozenset({403, 404, 409, 500, 503})


class ConsolePages:
    """Renders pages."""

    def __init__(self, site: ConsoleSite) -> None:
        self._site = site
        folders = (OWN_PAGES, site.pages)
        self._texts = in_every_language(*(at / "texts" for at in folders))
        self.assets = Assets(look.STYLESHEET, *(at / "static" for at in folders))
        self._templates = environment(*(at / "templates" for at in folders))
        self._templates.globals.update(asset=self.assets.path, service=site.service)

    def page(self, request: Request, template: str, status: int = 200, **facts: object) -> HTMLResponse:
        """A template in the visitor's language. It finds `t`, `language`, `person`, `asset()` beside its facts."""
        texts = self.texts(request)
        facts = {"person": getattr(request.state, "person", None), "here": request.url.path, **facts}
        body = self._templates.get_template(template).render(t=texts, language=texts.language, **facts)
        return HTMLResponse(body, status)

    def texts(self, request: Request) -> Texts:
        """The words in the visitor's language."""
        return self._texts[language_of(request.cookies.get(self._site.language_cookie), request.headers)]

    async def error(self, request: Request, status: int) -> Response:
        """The page that says what went wrong. Never what was sent."""
        return self.page(request, "error.html", status, error=str(status) if status in _TOLD else "other")

    async def wrong_host(self, request: Request, status: int) -> Response:
        """A page that needs no other file, since none is served under that name."""
        return self.page(request, "wrong_host.html", status)
