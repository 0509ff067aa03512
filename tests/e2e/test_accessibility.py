"""No page makes it hard for people who read, see or point differently: axe finds nothing on any of them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e import browsing
from tests.e2e.browsing import DESK, Draft, person, press
from tests.e2e.doors import Doors, found
from tests.e2e.people import Caller, mail_to

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


# A mail's frame runs no script, so axe would wait for an answer from it; the mail is looked at by itself.
ALONE = {"resultTypes": ["violations"], "iframes": False}
CONTRAST = {**ALONE, "runOnly": ["color-contrast"]}


def faults(page: Page) -> list[str]:
    """What axe finds wrong, in words; what the dark can change is looked at there too."""
    found_by_axe = Axe().run(page, options=ALONE).response["violations"]
    page.emulate_media(color_scheme="dark")
    found_by_axe += Axe().run(page, options=CONTRAST).response["violations"]
    page.emulate_media(color_scheme="light")
    return [f"{page.url}: {one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found_by_axe]


def test_the_sender_s_pages(doors: Doors, browser: Browser) -> None:
    page = person(browser)
    wrong = []
    browsing.fill_form(page, doors, Draft("ada.tries@example.org", "bo.tries@example.org", "Well played."))
    wrong += faults(page)
    press(page, "/preview")
    wrong += faults(page)
    press(page, "/leaks")
    wrong += faults(page)
    receipt = browsing.receipt_on(page)
    browsing.see_status(page, doors, receipt, "Waiting for you")
    wrong += faults(page)
    for path in ("/status", "/about", "/?lang=fr", "/nothing-here"):
        page.goto(f"{doors.gateway}{path}")
        wrong += faults(page)
    assert wrong == []


def test_the_pages_that_mails_lead_to_and_the_mailbox(doors: Doors, browser: Browser) -> None:
    reader = "cy.tries@example.net"
    Caller(doors, "127.0.8.1").send_confirmed("di.tries@example.org", reader, "Thank you for the map.")
    mail = mail_to(doors, reader)
    page = person(browser)
    wrong = []
    for link in ("block", "report"):
        page.goto(next(address for address in mail["links"] if f"/{link}/" in address))
        wrong += faults(page)
    for path in ("/", f"/mails/{mail['id']}"):
        page.goto(f"{doors.mailbox}{path}")
        wrong += faults(page)
    page.goto(f"{doors.gateway}/confirm/{'x' * 22}")
    wrong += faults(page)
    for letter in (mail, mail_to(doors, "di.tries@example.org")):
        page.goto("about:blank")
        page.set_content(letter["html"])
        wrong += faults(page)
    assert wrong == []


def test_the_moderators_console(doors: Doors, browser: Browser) -> None:
    message = "Ring me, from the other side.\n06 11 22 33 44"
    Caller(doors, "127.0.8.2").send_confirmed("ed.tries@example.org", "fay.tries@example.net", message)
    page = person(browser, DESK)
    page.goto(doors.console("moderation"))
    wrong = faults(page)
    browsing.sign_in(page, doors, "moderation", "mod-b")
    found(lambda: page.goto(doors.console("moderation")) and page.locator("table.queue").count(), "a case waits")
    wrong += faults(page)
    browsing.take_case(page, doors, message)
    wrong += faults(page)
    page.keyboard.press("x")
    page.locator("#statement").wait_for()
    wrong += faults(page)
    page.goto(f"{doors.console('moderation')}/reports")
    wrong += faults(page)
    assert wrong == []


def test_the_auditors_console(doors: Doors, browser: Browser) -> None:
    sent = Caller(doors, "127.0.8.3").send("gil.tries@example.org", "hal.tries@example.net", "Bravo.")
    page = person(browser, DESK)
    browsing.sign_in(page, doors, "audit", "auditor-b")
    wrong = []
    browsing.enter_order(page, sent.leak_id, ("ip",))
    wrong += faults(page)
    page.check('input[name="confirmed"]')
    page.get_by_role("button", name="Enter the order").click()
    expect(page.locator("#next")).to_be_visible()
    wrong += faults(page)
    for path in ("/", "/orders/new", "/log", "/threats"):
        page.goto(f"{doors.console('audit')}{path}")
        wrong += faults(page)
    assert wrong == []
