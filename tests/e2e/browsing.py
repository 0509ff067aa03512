"""What people do in front of a browser: write, confirm, follow, moderate, audit."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.e2e.doors import Doors, found
from tests.e2e.people import mail_to

PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1120, height=700)


@dataclass(frozen=True)
class Draft:
    """What somebody types into the form."""

    sender: str
    recipient: str
    message: str
    kind: str = "thanks"
    relation: str = "friend"
    language: str = "en"


def person(browser: Browser, size: ViewportSize = PHONE) -> Page:
    """Somebody with a browser of their own, who shares no cookie with anybody."""
    page = browser.new_context(viewport=size, locale="en-GB").new_page()
    page.set_default_timeout(30_000)
    return page


def press(page: Page, action: str) -> None:
    """The first button of the form that goes there."""
    page.locator(f'form[action="{action}"] button').first.click()


def fill_form(page: Page, doors: Doors, draft: Draft) -> None:
    """Type a leak; the page is in the mail's language."""
    page.goto(f"{doors.gateway}/?lang={draft.language}")
    page.fill("#recipient", draft.recipient)
    page.check(f'input[name="kind"][value="{draft.kind}"]')
    page.fill("#message", draft.message)
    page.select_option("#relation", draft.relation)
    page.fill("#sender", draft.sender)
    page.check("#consent")


def write(page: Page, doors: Doors, draft: Draft) -> str:
    """From the form to the receipt."""
    fill_form(page, doors, draft)
    press(page, "/preview")
    press(page, "/leaks")
    return receipt_on(page)


def receipt_on(page: Page) -> str:
    """The receipt that a page shows."""
    return "".join(page.locator("#receipt").inner_text().split())


def open_mail(page: Page, doors: Doors, address: str, count: int = 1) -> None:
    """The newest mail to an address, on the mailbox's page, once there are so many."""
    kept = mail_to(doors, address, count)
    page.goto(f"{doors.mailbox}/?to={address}")
    page.get_by_role("link", name=kept["subject"]).first.click()


def follow(page: Page, path: str) -> Page:
    """Click a link in the mail; it opens beside it."""
    with page.expect_popup() as opened:
        page.frame_locator("iframe").locator(f'a[href*="{path}"]').click()
    return opened.value


def confirm(page: Page, doors: Doors, address: str) -> None:
    """Press the button that the confirmation mail leads to."""
    open_mail(page, doors, address)
    opened = follow(page, "/confirm/")
    press(opened, "/confirm")
    expect(opened.locator("h1")).to_be_visible()
    opened.close()


def see_status(page: Page, doors: Doors, receipt: str, state: str) -> None:
    """Type the receipt, and look again until the leak stands so."""
    page.goto(f"{doors.gateway}/status")
    page.fill("#receipt", receipt)
    press(page, "/status")

    def stands_so() -> bool:
        if page.locator("h1").inner_text() == state:
            return True
        press(page, "/status")
        return False

    found(stands_so, f"the status page says {state}")


def sign_in(page: Page, doors: Doors, console: str, name: str) -> None:
    """At a console, with a demo sign-in."""
    page.goto(doors.console(console))
    page.fill("#name", name)
    page.fill("#password", doors.password(console, name))
    press(page, "/sign-in")
    expect(page.get_by_text(f"Signed in as {name}")).to_be_visible()


def take_case(page: Page, doors: Doors, message: str) -> None:
    """Take the held leak with this message, and show it; others' are given back."""

    def taken() -> bool:
        page.goto(doors.console("moderation"))
        links = page.locator("table.queue a").evaluate_all("links => links.map(link => link.href)")
        return any(_shows(page, link, message) for link in links)

    found(taken, "the leak is in the queue")


def _shows(page: Page, case: str, message: str) -> bool:
    page.goto(case)
    if page.locator('form[action$="/claim"]').count():
        page.keyboard.press("c")
    elif page.locator('form[action$="/release"]').count() == 0:
        return False
    page.locator("a.veil").wait_for()
    page.keyboard.press("m")
    # Its first line, since marks and their numbers stand in the others.
    if message.splitlines()[0] in page.locator(".letter-message").inner_text():
        return True
    page.keyboard.press("g")
    page.get_by_role("status").wait_for()
    return False


def enter_order(page: Page, leak_id: str, fields: tuple[str, ...]) -> None:
    """The four steps of an order, as copied from a paper."""
    page.get_by_role("link", name="Enter an order").first.click()
    page.fill("#authority", "Tribunal judiciaire de Lyon")
    page.fill("#authorised_by", "Ms Arnaud, juge d'instruction")
    page.fill("#reference", "26/1234")
    page.fill("#received_at", f"{datetime.now(UTC):%Y-%m-%dT%H:%M}")
    page.check('input[name="urgency"][value="ordinary"]')
    page.get_by_role("button", name="Go on").click()
    page.check('input[name="ground"][value="serious-crime"]')
    page.fill("#called_back", "The registry, on the number of the court's own site")
    page.get_by_role("button", name="Go on").click()
    page.fill("#leak_id", leak_id)
    for field in fields:
        page.check(f'input[name="fields"][value="{field}"]')
    page.get_by_role("button", name="Go on").click()


def take_step(page: Page, action: str) -> None:
    """Go to a step of the order that is shown, and tick that it is meant."""
    page.locator(f'a[href$="/{action}"]').click()
    page.check('input[name="confirmed"]')


def ports_to(site: str, browser_command: str) -> set[int]:
    """The browser's own ends of its connections to a site, as the kernel has them: no word of ours is in it."""
    port = int(re.sub(r".*:(\d+)$", r"\1", site))
    own: set[int] = set()
    for process in psutil.process_iter():
        try:
            if browser_command in process.name():
                own |= {c.laddr.port for c in process.net_connections() if c.raddr and c.raddr.port == port}
        except psutil.Error:
            continue
    return own
