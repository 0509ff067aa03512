"""The pages over HTTP: a GET shows, a POST acts; the acts themselves are the API's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.gateway import page_forms
from services.gateway.acts import Acts, Draft, ReceiptUnknown, TooMany, Unavailable
from services.gateway.addresses import hints
from services.gateway.edge import path_of
from services.gateway.links import token_of
from services.gateway.page_forms import FormRefused
from services.gateway.pages.render import ASSETS, Reader, render
from services.gateway.pages.site import Site
from shared.events.recipients import LeakReported
from shared.letter import KINDS, RELATIONS
from shared.letter.writing import PREVIEW_LINKS, STYLE_CSP, Letter, LetterLinks, WrittenLetter, write
from shared.statement import statement_html
from shared.web.headers import content_policy, page_headers
from shared.web.languages import LANGUAGES, known, language_of

MAX_DETAILS = 2_000
_A_MINUTE_S = 60
REASONS: Final[tuple[str, ...]] = get_args(LeakReported.model_fields["reason"].annotation)

_STATUSES_WITH_WORDS: Final = frozenset({400, 403, 404, 405, 413, 429, 500, 503})
_HEADERS: Final = page_headers()

_CHOICES: Final[dict[str, Any]] = {"kinds": KINDS, "relations": RELATIONS, "mail_languages": LANGUAGES}
_SERVER_ERRORS = 500

Trouble = tuple[str, int, int | None]
"""Why nothing came of a form: the words' name, the status, when to come back (seconds)."""
Endpoint = Callable[["Pages", Request], Awaitable[Response]]


def page_routes(acts: Acts, site: Site) -> list[BaseRoute]:
    """Every page, and the files they use."""
    pages = Pages(acts, site)
    shown: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/": pages.ask_leak,
        "/status": pages.ask_receipt,
        "/about": pages.about,
        "/confirm": pages.ask_token,
        "/stop": pages.ask_token,
        "/block": pages.ask_token,
        "/report": pages.ask_report,
        "/confirm/{token}": pages.ask_token,
        "/stop/{token}": pages.ask_token,
        "/block/{token}": pages.ask_token,
        "/report/{token}": pages.ask_report,
        "/preview": begin_again,
        "/leaks": begin_again,
        "/cancel": begin_again,
    }
    acting: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/preview": pages.preview,
        "/leaks": pages.submit,
        "/status": pages.status,
        "/cancel": pages.cancel,
        "/confirm": pages.use_token,
        "/stop": pages.use_token,
        "/block": pages.use_token,
        "/report": pages.report,
    }
    return [
        ASSETS.route(),
        *(Route(path, endpoint, methods=["GET"], include_in_schema=False) for path, endpoint in shown.items()),
        *(Route(path, endpoint, methods=["POST"], include_in_schema=False) for path, endpoint in acting.items()),
    ]


def error_page(request: Request, site: Site, status: int, retry_after_s: int | None = None) -> Response:
    """The page for a status, in the visitor's language; a status without words of its own borrows its neighbour's."""
    words = status if status in _STATUSES_WITH_WORDS else 400 if status < _SERVER_ERRORS else 500
    # Without the path, since it is input: a stranger's link could put words into our page.
    reader = replace(_reader(request), path=None)
    html = render("error", reader, site, status=str(words), retry_after_s=retry_after_s or _A_MINUTE_S)
    return _page(html, status, retry_after_s)


async def begin_again(request: Request) -> Response:
    """A phone that wakes an old tab asks by GET for what answered a POST: it gets the form that led there."""
    return RedirectResponse("/status" if path_of(request) == "/cancel" else "/", 303, _HEADERS)


def _reader(request: Request, form: dict[str, str] | None = None) -> Reader:
    # The address comes first, because a language button acts by it on a form that carries the choice before.
    choice = request.query_params.get("lang") or (form or {}).get("lang")
    # Only a page that a link brings back can be offered in the other language.
    path = path_of(request) if request.method == "GET" else None
    return Reader(language_of(choice, request.headers), chosen=known(choice) is not None, path=path)


def _page(html: str, status: int, retry_after_s: int | None = None) -> HTMLResponse:
    answer = HTMLResponse(html, status, _HEADERS)
    if retry_after_s is not None:
        answer.headers["retry-after"] = str(retry_after_s)
    return answer


def _answered(endpoint: Endpoint) -> Endpoint:
    """A form that can't be taken, or an act that did not happen, is answered by a page that says what to do."""

    @wraps(endpoint)
    async def answered(pages: "Pages", request: Request) -> Response:
        try:
            return await endpoint(pages, request)
        except FormRefused as refused:
            return error_page(request, pages.site, refused.status)
        except TooMany as limit:
            return error_page(request, pages.site, 429, limit.retry_after_s)
        except Unavailable as down:
            return error_page(request, pages.site, 503, down.retry_after_s)

    return answered


class Pages:
    """One method a page or an act; those that begin with `ask` answer a GET and change nothing."""

    def __init__(self, acts: Acts, site: Site) -> None:
        self.acts = acts
        self.site = site

    async def about(self, request: Request) -> Response:
        """Who we are, what we keep, where to find help."""
        return self._show(request, "about")

    async def ask_leak(self, request: Request) -> Response:
        """The form, blank."""
        # No kind is chosen beforehand, because a thank-you that leaves as a crush can't be taken back.
        draft = Draft(language=_reader(request).language, kind="", idempotency_key=page_forms.new_key())
        return self._form(request, None, draft)

    @_answered
    async def preview(self, request: Request) -> Response:
        """The mail as its recipient will see it; or the form again, to change something."""
        form = await self._read(request)
        draft = page_forms.draft_of(form)
        try:
            await self.acts.preview(request)
        except TooMany as limit:
            return self._form(request, form, draft, trouble=("too_many", 429, limit.retry_after_s))
        except Unavailable as down:
            return self._form(request, form, draft, trouble=("unavailable", 503, down.retry_after_s))
        if form.get("then") == "edit":
            if not draft.message:
                # As on a blank form: who reads French before writing a word writes French.
                draft = replace(draft, language=_reader(request, form).language)
            return self._form(request, form, draft)
        return self._wrong(request, form, draft) or self._preview(request, form, draft)

    @_answered
    async def submit(self, request: Request) -> Response:
        """Sends, and shows the receipt once. What goes wrong is said above the preview, with everything still there."""
        form = await self._read(request)
        draft = page_forms.draft_of(form)
        if wrong := self._wrong(request, form, draft):
            return wrong
        try:
            receipt = await self.acts.submit(request, draft)
        except TooMany as limit:
            return self._preview(request, form, draft, trouble=("too_many", 429, limit.retry_after_s))
        except Unavailable as down:
            return self._preview(request, form, draft, trouble=("unavailable", 503, down.retry_after_s))
        return self._show(request, "receipt", form, code=202, receipt=receipt, kind=draft.kind)

    def _wrong(self, request: Request, form: dict[str, str], draft: Draft) -> Response | None:
        problems = self.acts.problems(draft)
        if not problems:
            return None
        return self._form(request, form, draft, problems=problems)

    def _form(
        self,
        request: Request,
        form: dict[str, str] | None,
        draft: Draft,
        *,
        problems: Mapping[str, str] | None = None,
        trouble: Trouble | None = None,
    ) -> Response:
        name, code, retry_after_s = trouble or (None, 422 if problems else 200, None)
        html = render(
            "form",
            _reader(request, form),
            self.site,
            draft=draft,
            problems=problems or {},
            trouble=name,
            retry_after_s=retry_after_s or _A_MINUTE_S,
            **_CHOICES,
        )
        return _page(html, code, retry_after_s)

    def _preview(
        self, request: Request, form: dict[str, str], draft: Draft, trouble: Trouble | None = None
    ) -> Response:
        name, code, retry_after_s = trouble or (None, 200, None)
        html = render(
            "preview",
            _reader(request, form),
            self.site,
            draft=draft,
            letter=_letter(draft, PREVIEW_LINKS),
            letter_text=_letter(draft, _shown_links(self.site)).text,
            trouble=name,
            retry_after_s=retry_after_s or _A_MINUTE_S,
            hints=hints(draft),
        )
        answer = _page(html, code, retry_after_s)
        # Because the letter is shown as it is mailed, with its own style, which the policy must know.
        answer.headers["content-security-policy"] = content_policy(style_src=f"'self' {STYLE_CSP}")
        return answer

    async def ask_receipt(self, request: Request) -> Response:
        """The field for a receipt."""
        return self._show(request, "ask_receipt", receipt="", unknown=False)

    @_answered
    async def status(self, request: Request) -> Response:
        """How the leak of a receipt fares."""
        form = await self._read(request)
        return await self._status(request, form, asked_to_cancel=False)

    @_answered
    async def cancel(self, request: Request) -> Response:
        """Asks to stop a leak, and shows how it fares: `cancelled` comes once its holder has let go."""
        form = await self._read(request)
        try:
            await self.acts.cancel(request, form.get("receipt", "").strip())
        except ReceiptUnknown:
            return self._unknown(request, form)
        return await self._status(request, form, asked_to_cancel=True)

    async def _status(self, request: Request, form: dict[str, str], *, asked_to_cancel: bool) -> Response:
        receipt = form.get("receipt", "").strip()
        language = _reader(request, form).language
        try:
            status = await self.acts.status(request, receipt, language)
        except ReceiptUnknown:
            return self._unknown(request, form)
        facts: dict[str, Any] = {
            "status": status,
            "statement": status.decision and statement_html(status.decision, language),
            "receipt": receipt,
            "asked_to_cancel": asked_to_cancel,
        }
        return self._show(request, "status", form, **facts)

    def _unknown(self, request: Request, form: dict[str, str]) -> Response:
        receipt = form.get("receipt", "").strip()
        return self._show(request, "ask_receipt", form, code=404, receipt=receipt, unknown=True)

    async def ask_token(self, request: Request) -> Response:
        """The button that confirms, stops or blocks. Looks nothing up, so that it tells nothing."""
        token = request.path_params.get("token", "")
        return self._show(request, "ask_token", act=path_of(request).split("/")[1], token=token)

    @_answered
    async def use_token(self, request: Request) -> Response:
        """Confirms, stops or blocks; the answer is the same whatever the token is."""
        form = await self._read(request)
        act = path_of(request).removeprefix("/")
        use = {"confirm": self.acts.confirm, "stop": self.acts.stop, "block": self.acts.block}[act]
        await use(request, token_of(form.get("token", "")))
        return self._show(request, "done", form, act=act)

    async def ask_report(self, request: Request) -> Response:
        """The form of a report."""
        token = request.path_params.get("token", "")
        return self._show(request, "report", token=token, typed={}, problems=(), reasons=REASONS)

    @_answered
    async def report(self, request: Request) -> Response:
        """Reports; the answer is the same whatever the token is."""
        form = await self._read(request)
        token = token_of(form.get("token", ""))
        facts: dict[str, Any] = {"token": token, "typed": form, "reasons": REASONS}
        if form.get("then") == "edit":
            return self._show(request, "report", form, problems=(), **facts)
        if problems := report_problems(form):
            return self._show(request, "report", form, code=422, problems=problems, **facts)
        await self.acts.report(request, token, form["reason"], page_forms.plain_lines(form.get("details", "")))
        return self._show(request, "done", form, act="report")

    async def _read(self, request: Request) -> dict[str, str]:
        return await page_forms.read_form(request, self.site.public_url)

    def _show(
        self, request: Request, name: str, form: dict[str, str] | None = None, *, code: int = 200, **context: Any
    ) -> Response:
        return _page(render(name, _reader(request, form), self.site, **context), code)


def _letter(draft: Draft, links: LetterLinks) -> WrittenLetter:
    return write(Letter(draft.relation, draft.kind, draft.language, draft.message, links))


def _shown_links(site: Site) -> LetterLinks:
    """Links to read, not to follow: their tokens don't exist before the mail does."""
    url = site.public_url
    return LetterLinks(block=f"{url}/block/…", report=f"{url}/report/…", about=f"{url}/about")


def report_problems(form: dict[str, str]) -> tuple[str, ...]:
    """The fields of a report that keep it from being sent, in the order of the page."""
    checks = {
        "reason": form.get("reason") in REASONS,
        "details": len(page_forms.plain_lines(form.get("details", ""))) <= MAX_DETAILS,
        "good_faith": form.get("good_faith") == "yes",
    }
    return tuple(field for field, fine in checks.items() if not fine)
