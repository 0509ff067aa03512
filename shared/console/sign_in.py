"""Signing in and out, and choosing a language. A wrong name, a wrong password, a disabled account: the same answer."""

from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from shared.console import passwords
from shared.console.accounts import Account
from shared.console.texts import LANGUAGES
from shared.console.throttle import Throttle

if TYPE_CHECKING:
    from shared.console.console import Console

_YEAR_S = 31_536_000


class SignIn:
    """The three routes of a console that need nobody signed in."""

    def __init__(self, console: "Console", throttle: Throttle) -> None:
        self._console = console
        self._throttle = throttle

    def routes(self) -> list[BaseRoute]:
        """Sign-in, sign-out, language."""
        return [
            Route("/sign-in", self._show, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/language", self._choose_language, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        if await self._console.person(request):
            return RedirectResponse("/", 303)
        return self._page(request, 200)

    async def _sign_in(self, request: Request) -> Response:
        form = await request.form()
        name, password = _text(form, "name").strip().lower(), _text(form, "password")
        if seconds := await self._throttle.take_try(name):
            return self._page(request, 429, notice="wait", name=name, seconds=seconds)
        account = await self._account(name, password)
        if account is None:
            return self._page(request, 401, notice="wrong", name=name)
        await self._throttle.forget(name)
        return await self._open(request, account)

    async def _account(self, name: str, password: str) -> Account | None:
        account = await self._console.accounts.find(name)
        usable = account if account and not account.disabled else None
        right = await passwords.matches(usable.password if usable else None, password)
        return usable if right else None

    async def _open(self, request: Request, account: Account) -> Response:
        site = self._console.site
        # A session that was open in this browser ends: nobody goes on under another's name.
        if before := request.cookies.get(site.session_cookie):
            await self._console.sessions.close(before)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            site.session_cookie,
            await self._console.sessions.open(account),
            path="/",
            secure=site.secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def _sign_out(self, request: Request) -> Response:
        site = self._console.site
        if token := request.cookies.get(site.session_cookie):
            await self._console.sessions.close(token)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(site.session_cookie, path="/", secure=site.secure, httponly=True, samesite="strict")
        return answer

    async def _choose_language(self, request: Request) -> Response:
        form = await request.form()
        language, back = _text(form, "language"), _text(form, "back")
        answer = RedirectResponse(back if _is_local(back) else "/", 303)
        if language in LANGUAGES:
            answer.set_cookie(
                self._console.language_cookie,
                language,
                max_age=_YEAR_S,
                path="/",
                secure=self._console.site.secure,
                httponly=True,
                samesite="strict",
            )
        return answer

    def _page(self, request: Request, status: int, notice: str = "", name: str = "", seconds: int = 0) -> Response:
        return self._console.page(request, "sign_in.html", status, notice=notice, name=name, seconds=seconds)


def _text(form: FormData, field: str) -> str:
    value = form.get(field, "")
    return value if isinstance(value, str) else ""


def _is_local(path: str) -> bool:
    # `//elsewhere` and `/\elsewhere` lead a browser to another host.
    return path.startswith("/") and not path.startswith(("//", "/\\"))
