"""The page that opens, in a browser: pressed once it is disarmed, and says what comes next."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright, expect

from tests.component.audit.conftest import World, world_of


@pytest.fixture
async def console(world: World) -> AsyncIterator[str]:
    """A replica's console on a port of its own. Loopback, since a browser says who made a request to no other host."""
    settings = world.settings.model_copy(update={"console_url": "http://127.0.0.1"})
    app = world_of(settings, world.database, world.clock, world.folder).service.listeners[0].config.app
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_the_button_that_opened_is_disarmed_and_the_page_says_what_is_next(
    world: World, console: str, chromium: Browser
) -> None:
    order = await world.approved()
    async with world.browser("ada") as ada:
        session = world.here.console.site.session_cookie, ada.cookies[world.here.console.site.session_cookie]
    context = await chromium.new_context(locale="en-GB")
    await context.add_cookies([{"name": session[0], "value": session[1], "url": console}])
    page = await context.new_page()
    await page.goto(f"{console}/orders/{order.number}/open")
    button = page.get_by_role("button", name="Open and download the answer")
    await page.check('input[name="confirmed"]')
    async with page.expect_download() as saved:
        await button.dblclick()
    answer = await (await saved.value).path()
    assert world.answer(answer.read_bytes())["leak_id"] == order.leak_id
    await expect(button).to_be_disabled()
    await expect(page.locator("#opened")).to_contain_text("Hand it over, then close the order")
    assert (await world.acts()).count("order.opened") == 1
    await page.reload()
    await expect(button).to_be_enabled()
    await expect(page.locator("#opened")).to_be_hidden()
