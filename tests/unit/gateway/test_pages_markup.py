"""What holds of every page, in every state, in both languages."""

import re
from html.parser import HTMLParser

import httpx
import pytest

from shared.web.languages import LANGUAGES
from tests.support.fakes.acts import FakeActs
from tests.support.page_walk import SHOWN, every_page, visitor

MAX_PAGE_BYTES = 50_000
OURS = re.compile(r"/static/[a-z]+\.[0-9a-f]{12}\.(css|js|svg)")
LOADS = {"src", "srcset", "data", "poster", "background", "ping"}


class Markup(HTMLParser):
    """Collects each element with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def loads(markup: Markup) -> list[str]:
    loaded = [value for _, found in markup.elements for key, value in found.items() if key in LOADS]
    return loaded + [link["href"] for link in markup.all("link")]


def inline_code(markup: Markup) -> list[str]:
    found = []
    for tag, attributes in markup.elements:
        if tag == "style" or (tag == "script" and "src" not in attributes):
            found.append(tag)
        found += [key for key in attributes if key == "style" or key.startswith("on")]
    return found


def dangling(markup: Markup) -> set[str]:
    referred = {label["for"] for label in markup.all("label") if "for" in label}
    for key in ("aria-describedby", "aria-labelledby"):
        referred |= {name for value in markup.values(key) for name in value.split()}
    referred |= {link["href"][1:] for link in markup.all("a") if link["href"].startswith("#")}
    return referred - set(markup.values("id"))


@pytest.fixture(params=LANGUAGES)
async def pages(request: pytest.FixtureRequest) -> dict[str, httpx.Response]:
    return await every_page(request.param)


def markups(pages: dict[str, httpx.Response]) -> dict[str, Markup]:
    return {name: Markup(page.text) for name, page in pages.items()}


async def test_every_page_is_in_the_language_that_was_asked_for() -> None:
    for language in LANGUAGES:
        for name, page in (await every_page(language)).items():
            assert Markup(page.text).all("html")[0]["lang"] == language, name


async def test_every_page_is_small(pages: dict[str, httpx.Response]) -> None:
    for name, page in pages.items():
        assert len(page.content) < MAX_PAGE_BYTES, name


async def test_a_page_with_all_its_files_is_small() -> None:
    async with visitor(FakeActs()) as client:
        page = await client.get("/")
        files = [await client.get(path) for path in set(re.findall(r"/static/[\w.]+", page.text))]
    assert len(files) == 4
    assert len(page.content) + sum(len(file.content) for file in files) < MAX_PAGE_BYTES


async def test_no_page_loads_anything_from_elsewhere(pages: dict[str, httpx.Response]) -> None:
    for name, markup in markups(pages).items():
        assert loads(markup), name
        assert not [path for path in loads(markup) if not OURS.fullmatch(path)], name


async def test_no_page_holds_script_or_style_of_its_own(pages: dict[str, httpx.Response]) -> None:
    for name, markup in markups(pages).items():
        assert not inline_code(markup), name


async def test_every_form_is_posted(pages: dict[str, httpx.Response]) -> None:
    forms = [form for markup in markups(pages).values() for form in markup.all("form")]
    assert forms
    assert all(form["method"] == "post" for form in forms)


async def test_every_name_that_a_page_refers_to_is_on_it(pages: dict[str, httpx.Response]) -> None:
    for name, markup in markups(pages).items():
        assert len(markup.values("id")) == len(set(markup.values("id"))), name
        assert not dangling(markup), name


def test_these_guards_refuse_a_page_that_breaks_them() -> None:
    broken = Markup('<style>b{}</style><script>x()</script><img src="//a.example/a.png" onload="x()"><b style="top:0">')
    assert inline_code(broken) == ["style", "script", "onload", "style"]
    assert [path for path in loads(broken) if not OURS.fullmatch(path)] == ["//a.example/a.png"]
    cut_off = Markup('<label for="gone"></label><input id="there" aria-describedby="there lost">')
    assert dangling(cut_off) == {"gone", "lost"}


async def test_every_page_has_one_main_heading(pages: dict[str, httpx.Response]) -> None:
    for name, markup in markups(pages).items():
        assert len(markup.all("h1")) == 1, name


async def test_every_page_is_strict_and_leaves_no_trace(pages: dict[str, httpx.Response]) -> None:
    for name, page in pages.items():
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; "), name
        assert "unsafe" not in policy, name
        assert page.headers["cache-control"] == "no-store", name
        assert page.headers["referrer-policy"] == "no-referrer", name
        assert page.headers["x-content-type-options"] == "nosniff", name
        assert "set-cookie" not in page.headers, name


async def test_a_get_never_acts() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        for path in SHOWN:
            await client.get(path, params={"token": "abc", "receipt": "K7QX"})
    assert acts.calls == []


async def test_markup_that_a_sender_types_stays_text(pages: dict[str, httpx.Response]) -> None:
    for name, page in pages.items():
        assert "<b>Thank you" not in page.text, name
    assert "&lt;b&gt;Thank you" in pages["sending: edit"].text
