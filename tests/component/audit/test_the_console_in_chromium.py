"""The auditors' console as a browser shows it."""

from playwright.async_api import Browser

from tests.component.audit.conftest import World, world_of
from tests.component.conftest import PHONE, serving

# A table that scrolls by itself hides its last columns as a page would.
TOO_WIDE = """
  [document.documentElement, ...document.querySelectorAll("table")]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => `${each.tagName} ${each.scrollWidth}`)
"""


async def test_on_a_phone_no_page_is_wider_than_the_screen(world: World, chromium: Browser) -> None:
    order = await world.order()
    await world.approved()
    paths = ["/", "/log", "/threats", "/orders/new", f"/orders/{order.number}"]
    # Another replica, whose browsers reach it by loopback.
    settings = world.settings.model_copy(update={"console_url": "http://127.0.0.1"})
    replica = world_of(settings, world.database, world.clock, world.folder)
    async with serving(replica.service.listeners[0].config.app) as address, world.browser("ada") as ada:
        session = world.here.console.site.session_cookie
        phone = await chromium.new_context(viewport=PHONE)
        await phone.add_cookies([{"name": session, "value": ada.cookies[session], "url": address}])
        page = await phone.new_page()
        wide = []
        for path in paths:
            answer = await page.goto(address + path)
            assert answer
            assert answer.ok, path
            wide += [f"{path}: {one}" for one in await page.evaluate(TOO_WIDE)]
        assert wide == []
