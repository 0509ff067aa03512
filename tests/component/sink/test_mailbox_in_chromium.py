"""The mailbox as a person has it on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from local.sink.mailbox import Mailbox
from local.sink.pages import application
from tests.component.conftest import PHONE, serving

LONG = "marie-christine.de-la-rochefoucauld@mail.departement-informatique.example.org"
RAW = f"""From: Leak <letters@leak.example>
To: {LONG}
Subject: From a friend of a friend, anonymously
X-Long: {"x" * 300}
Content-Type: text/plain

https://leak.example/block/{"t" * 90}
""".encode()


@pytest.fixture
async def mailbox(tmp_path: Path) -> AsyncIterator[str]:
    kept = Mailbox(tmp_path)
    kept.keep("letters@leak.example", [LONG], RAW)
    async with serving(application(kept)) as address:
        yield address


async def test_on_a_phone_no_page_is_wider_than_the_screen(mailbox: str, chromium: Browser) -> None:
    page = await chromium.new_page(viewport=PHONE)
    for path in ("/", f"/?to={LONG}"):
        await page.goto(mailbox + path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await page.click("td a")
    for details in await page.locator("summary").all():
        await details.click()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
