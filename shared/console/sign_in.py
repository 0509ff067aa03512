"""Signing in and out, and choosing a language. A wrong name, a wrong password, a disabled account: the same answer."""

from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from shared.console.account_log import DoorLog
from shared.console.accounts import Account
from shared.console.devices import KNOWN_FOR_S
from shared.console.door import Door, NotIn
from shared.console.rendering import ConsolePages
from shared.console.sessions import Person, Sessions
from shared.console.site import ConsoleSite
from shared.web.languages import known

_YEAR_S: Final = 31_536_000
_STATUS: Final = {"wrong": 401, "wait": 429, "busy": 503}


class SignIn:
    """The routes of a console that need nobody signed in, and who is signed in."""

    def __init__(
        self, site: ConsoleSite, pages: ConsolePages, sessions: Sessions, door: Door, door_log: DoorLog
    ) -> None:
        self._site = site
        self._pages = pages
        self._sessions = sessions
        self._door = door
        self._log = door_log

    def routes(self) -> list[BaseRoute]:
        """Sign-in, sign-out, language."""
        return [
            Route("/sign-in", self._show, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/language", self._choose_language, methods=["POST"]),
        ]

    async def person(self, request: Request, *, acts: bool = True) -> Person | None:
        """Who is signed in."""
        token = request.cookies.get(self._site.session_cookie)
        return await self._sessions.person(token, acts=acts) if token else None

    def asked_for(self, request: Request) -> Response:
        """What somebody gets who is not signed in and must be."""
        if request.method in {"GET", "HEAD"}:
            return RedirectResponse("/sign-in", 303)
        return self._page(request, 401, notice="ended")

    async def _show(self, request: Request) -> Response:
        if await self.person(request):
            return RedirectResponse("/", 303)
        return self._page(request, 200)

    async def _sign_in(self, request: Request) -> Response:
        form = await request.form()
        name, password = _text(form, "name").strip().lower(), _text(form, "password")
        found = await self._door.ask(name, password, request.cookies.get(self._site.device_cookie))
        if isinstance(found, NotIn):
            return self._page(request, _STATUS[found.why], notice=found.why, name=name, seconds=found.seconds)
        return await self._open(request, found)

    async def _open(self, request: Request, account: Account) -> Response:
        site = self._site
        # A session that was open in this browser ends: nobody goes on under another's name.
        if before := request.cookies.get(site.session_cookie):
            await self._sessions.close(before)
        await self._log.signed_in(account.name)
        answer = RedirectResponse("/", 303)
        site.set_cookie(answer, site.session_cookie, await self._sessions.open(account))
        device = await self._door.remember(account.name, request.cookies.get(site.device_cookie))
        site.set_cookie(answer, site.device_cookie, device, KNOWN_FOR_S)
        return answer

    async def _sign_out(self, request: Request) -> Response:
        if token := request.cookies.get(self._site.session_cookie):
            person = await self._sessions.person(token)
            await self._sessions.close(token)
            if person:
                await self._log.signed_out(person.name)
        answer = RedirectResponse("/sign-in", 303)
        self._site.delete_cookie(answer, self._site.session_cookie)
        return answer

    async def _choose_language(self, request: Request) -> Response:
        form = await request.form()
        back = _text(form, "back")
        answer = RedirectResponse(back if _is_local(back) else "/", 303)
        if language := known(_text(form, "language")):
            self._site.set_cookie(answer, self._site.language_cookie, language, _YEAR_S)
        return answer

    def _page(self, request: Request, status: int, notice: str = "", name: str = "", seconds: int = 0) -> Response:
        answer = self._pages.page(request, "sign_in.html", status, notice=notice, name=name, seconds=seconds)
        if seconds:
            answer.headers["retry-after"] = str(seconds)
        return answer


def _text(form: FormData, field: str) -> str:
    value = form.get(field, "")
    return value if isinstance(value, str) else ""


def _is_local(path: str) -> bool:
    # `//elsewhere` and `/\elsewhere` lead a browser to another host.
    return path.startswith("/") and not path.startswith(("//", "/\\"))
