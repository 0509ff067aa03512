"""The pages in a browser that runs their script: what a request alone can't show."""

from collections.abc import AsyncIterator
from itertools import cycle

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from shared.letter import KINDS, RELATIONS
from shared.web.languages import LANGUAGES
from tests.component.conftest import PHONE, serving
from tests.support.fakes.acts import FakeActs
from tests.support.page_walk import TYPED, app_of

# As a phone does whose address bar slides away, at every moment of a page's coming.
RESIZING = """
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    dispatchEvent(new Event("resize"));
    if (document.readyState !== "complete") port2.postMessage(0);
  };
  port2.postMessage(0);
"""

FITS = "frame => frame.clientHeight === frame.contentDocument.documentElement.scrollHeight"


@pytest.fixture
async def acts() -> FakeActs:
    return FakeActs()


@pytest.fixture
async def pages(acts: FakeActs) -> AsyncIterator[str]:
    async with serving(app_of(acts)) as address:
        yield address


@pytest.fixture
async def person(chromium: Browser) -> BrowserContext:
    return await chromium.new_context(locale="en-GB", viewport=PHONE)


async def type_leak(page: Page, pages: str, kind: str, relation: str, language: str) -> None:
    await page.goto(f"{pages}/?lang={language}")
    await page.fill("#recipient", TYPED["recipient"])
    await page.check(f'input[name="kind"][value="{kind}"]')
    await page.fill("#message", "Your laugh carries through two walls. " * 8)
    await page.select_option("#relation", relation)
    await page.fill("#sender", TYPED["sender"])
    await page.check("#consent")


async def preview(page: Page) -> None:
    await page.click('form[action="/preview"] button')
    await page.wait_for_url("**/preview")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_preview_throws_however_the_window_changes(person: BrowserContext, pages: str, language: str) -> None:
    await person.add_init_script(RESIZING)
    thrown: list[str] = []
    for relation, kind in zip(RELATIONS, cycle(KINDS), strict=False):
        page = await person.new_page()
        page.on("pageerror", lambda error: thrown.append(str(error)))
        await type_leak(page, pages, kind, relation, language)
        await preview(page)
        assert await page.locator("iframe.mail").evaluate(FITS), (relation, kind)
        await page.close()
    assert thrown == []


async def test_a_link_in_a_preview_leaves_the_letter_where_it_is(person: BrowserContext, pages: str) -> None:
    page = await person.new_page()
    await type_leak(page, pages, "crush", "friend", "en")
    await preview(page)
    letter = page.frame_locator("iframe.mail")
    for link in await letter.locator("a").all():
        await link.click()
    await expect(letter.locator("blockquote")).to_contain_text("Your laugh carries")
    assert [frame.url.partition("#")[0] for frame in page.frames] == [f"{pages}/preview", "about:srcdoc"]


@pytest.mark.parametrize("script", [True, False])
async def test_the_other_language_keeps_what_was_typed(chromium: Browser, pages: str, script: bool) -> None:
    page = await (await chromium.new_context(locale="en-GB", java_script_enabled=script)).new_page()
    await page.goto(pages)
    await page.fill("#message", "Half a letter")
    await page.fill("#recipient", "not yet an addr")
    await page.get_by_role("button", name="Français").click()
    await expect(page.locator("h1")).to_have_text("Dis-le sans dire qui")
    await expect(page.locator("#message")).to_have_value("Half a letter")
    await expect(page.locator("#recipient")).to_have_value("not yet an addr")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("#message")).to_have_value("Half a letter")


async def test_enter_in_a_field_goes_on_and_changes_no_language(person: BrowserContext, pages: str) -> None:
    page = await person.new_page()
    await type_leak(page, pages, "joke", "friend", "en")
    await page.press("#sender", "Enter")
    await expect(page.locator("h1")).to_have_text("This is what they get")


async def test_no_page_of_a_sender_is_wider_than_a_phone(person: BrowserContext, pages: str) -> None:
    page = await person.new_page()
    for path in ("/?lang=fr", "/report/abc?lang=fr", "/status", "/about"):
        await page.goto(pages + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
