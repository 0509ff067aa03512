"""The desk as a moderator has it: by keyboard, without script, and when a claim is lost under their eyes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.component.conftest import PHONE, serving
from tests.component.moderation.conftest import PASSWORD, Moderator, World

WIDE: Any = {"width": 1280, "height": 800}


@pytest.fixture
async def console(world: World) -> AsyncIterator[str]:
    """The wired console on a port of its own. Its cookies don't mind the port; its origin check asks the browser."""
    async with serving(world.service.listeners[0].config.app) as address:
        yield address


async def signed_in(chromium: Browser, console: str, **options: Any) -> Page:
    options.setdefault("viewport", WIDE)
    page = await (await chromium.new_context(locale="en-GB", **options)).new_page()
    await page.goto(f"{console}/sign-in")
    await page.fill("#name", "mod-a")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".queue-head")
    return page


async def keys(page: Page, *pressed: tuple[str, str]) -> None:
    """Press a key, wait for what it brings."""
    for key, brings in pressed:
        await page.keyboard.press(key)
        await page.wait_for_selector(brings)


@pytest.mark.usefixtures("mod_a")
async def test_a_leak_is_taken_read_and_approved_by_three_keys(world: World, console: str, chromium: Browser):
    await world.decide("hold this")
    page = await signed_in(chromium, console)
    await keys(page, ("n", ".veil"), ("m", ".letter-message mark"), ("a", ".queue-head"))
    await expect(page.locator(".notice")).to_contain_text("Approved")
    assert [told["outcome"] for told in world.sent()] == ["approved"]


@pytest.mark.usefixtures("mod_a")
async def test_a_leak_is_rejected_by_keyboard_with_reasons_shown_as_they_are_typed(
    world: World,
    console: str,
    chromium: Browser,
):
    await world.decide("hold this")
    page = await signed_in(chromium, console)
    await keys(page, ("n", ".veil"), ("m", ".letter-message"), ("x", "#statement"))
    prefilled = await page.input_value("#statement")
    assert prefilled
    await page.select_option("#policy", "hate")
    assert await page.input_value("#statement") != prefilled
    await page.fill("#statement", "Because a and x are only letters here.")
    await page.focus("#statement")
    await page.keyboard.type(" ax")
    await expect(page.locator(".preview .statement-reasons")).to_have_text("Because a and x are only letters here. ax")
    await page.select_option("#policy", "threat")
    await expect(page.locator("#statement")).to_have_value("Because a and x are only letters here. ax")
    await keys(page, ("Control+Enter", ".queue-head"))
    assert [told["outcome"] for told in world.sent()] == ["rejected"]
    assert policies(world) == ["threat"]


@pytest.mark.usefixtures("mod_a")
async def test_everything_works_without_script(world: World, console: str, chromium: Browser):
    await world.decide("hold this")
    await world.decide("hold that")
    page = await signed_in(chromium, console, java_script_enabled=False)
    for _ in range(2):
        await page.click("text=Take the next one")
        await page.click("text=Show the message")
        await page.click("text=Reject…")
        await page.select_option("#policy", "threat")
        await page.click("text=Use this policy's words")
        assert await page.locator("#statement").input_value()
        await page.click("text=Reject it")
        await page.wait_for_selector(".queue-head")
    assert policies(world) == ["threat", "threat"]


async def test_a_claim_that_is_lost_is_said_at_the_next_beat(
    world: World,
    console: str,
    chromium: Browser,
    mod_a: Moderator,
    mod_b: Moderator,
):
    await world.decide("hold this")
    case = await mod_a.take_next()
    page = await signed_in(chromium, console)
    await page.goto(f"{console}{case}?show")
    await page.evaluate("beat()")
    await expect(page.locator("#lost")).to_be_hidden()
    world.clock.forward(seconds=601)
    await mod_b.browser.post(f"{case}/claim", data={})
    await page.evaluate("beat()")
    await expect(page.locator("#lost")).to_be_visible()
    await page.keyboard.press("a")
    await expect(page.locator("h1")).to_have_text("Too late")
    assert world.sent() == []


@pytest.mark.usefixtures("mod_a")
async def test_nothing_comes_from_elsewhere_and_nothing_is_refused_by_our_own_policy(
    world: World,
    console: str,
    chromium: Browser,
):
    await world.decide("hold this")
    page = await signed_in(chromium, console)
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: said.append(line.text))
    await keys(page, ("n", ".veil"), ("m", ".letter-message"), ("x", "#statement"), ("Escape", ".letter-message"))
    await keys(page, ("t", "#policy"), ("Escape", ".letter-message"), ("g", ".queue-head"))
    await page.goto(f"{console}/reports")
    assert asked
    assert all(url.startswith(console) for url in asked)
    assert not [line for line in said if "Content Security Policy" in line]


@pytest.mark.usefixtures("mod_a")
async def test_on_a_phone_no_page_is_wider_than_the_screen(world: World, console: str, chromium: Browser):
    await world.decide("hold this " + "w" * 300, language="fr")
    page = await signed_in(chromium, console, viewport=PHONE)
    for key, brings in (("n", ".veil"), ("m", ".letter-message"), ("x", "#statement")):
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
        await keys(page, (key, brings))
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def policies(world: World) -> list[str]:
    """What the notes of all decisions name as their policies, as senders read them."""
    notes = (world.receipt.read(told["leak_id"], told["sealed_note"]) for told in world.sent())
    return [note["policy"] for note in notes if note is not None]
