"""A person's walk through everything, in a browser, on the real system."""

# ruff: noqa: RUF001 - people read typographic apostrophes

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from services.audit.verify import AnswerBroken, check_answer
from shared.digests import from_base64url
from tests.e2e import browsing, pictures
from tests.e2e.browsing import DESK, PHONE, Draft, person, press
from tests.e2e.doors import Doors, found
from tests.e2e.people import Caller, mail_to, mails_to

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HELD = Draft(
    sender="robin.walks@example.org",
    recipient="camille.reads@example.net",
    message="You sang in the stairwell on Thursday and I stopped to listen.\nIf you ever want company: 06 12 34 56 78.",
    kind="crush",
    relation="neighbour",
)


def test_a_held_leak_goes_from_the_form_to_its_reader_who_blocks(doors: Doors, browser: Browser) -> None:
    sender, recipient = person(browser), person(browser)
    receipt = _write_with_pictures(sender, doors)
    _confirm_with_pictures(sender, doors)
    _approve_with_pictures(person(browser, DESK), doors)
    browsing.see_status(sender, doors, receipt, "Our part is done")
    timeline = sender.locator(".timeline b").all_inner_texts()
    assert timeline == ["Waiting for you", "Being checked", "About to leave", "Our part is done"]
    pictures.take(sender, "status-closed")
    _block_with_pictures(recipient, doors)
    _nothing_more_is_sent(doors)


def _write_with_pictures(page: Page, doors: Doors) -> str:
    browsing.fill_form(page, doors, HELD)
    pictures.take(page, "form")
    press(page, "/preview")
    letter = page.frame_locator("iframe.mail")
    assert letter.locator("blockquote").inner_text() == HELD.message
    pictures.take(page, "preview")
    press(page, "/leaks")
    receipt = browsing.receipt_on(page)
    pictures.take(page, "receipt")
    return receipt


def _confirm_with_pictures(page: Page, doors: Doors) -> None:
    browsing.open_mail(page, doors, HELD.sender)
    page.frame_locator("iframe").locator("main").wait_for()
    pictures.take(page, "confirmation-mail")
    opened = browsing.follow(page, "/confirm/")
    expect(opened.get_by_role("button", name="Yes, I wrote it. Send it")).to_be_visible()
    pictures.take(opened, "confirm")
    press(opened, "/confirm")
    expect(opened.locator("h1")).to_have_text("Thank you")
    opened.close()


def _approve_with_pictures(page: Page, doors: Doors) -> None:
    browsing.sign_in(page, doors, "moderation", "mod-a")
    found(lambda: page.goto(doors.console("moderation")) and page.locator("table.queue").count(), "a case waits")
    pictures.take(page, "moderation-queue")
    browsing.take_case(page, doors, HELD.message)
    expect(page.locator("mark")).to_have_count(1)
    assert HELD.sender not in page.content()
    assert HELD.recipient not in page.content()
    pictures.take(page, "moderation-case")
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Approved")


def _block_with_pictures(page: Page, doors: Doors) -> None:
    browsing.open_mail(page, doors, HELD.recipient)
    letter = page.frame_locator("iframe")
    expect(letter.locator("h1")).to_have_text("From a neighbour, anonymously")
    assert letter.locator("blockquote").inner_text() == HELD.message
    pictures.take(page, "mailbox-mail")
    opened = browsing.follow(page, "/block/")
    page.goto(f"{doors.mailbox}{page.locator('iframe').get_attribute('src')}")
    pictures.take(page, "mail")
    pictures.take(opened, "block")
    press(opened, "/block")
    expect(opened.locator("h1")).to_have_text("You won’t hear from us")


def _nothing_more_is_sent(doors: Doors) -> None:
    """The second leak's sender sees the same as for any other leak; its reader sees nothing."""
    other = Caller(doors, "127.0.7.1")
    second = other.send_confirmed("kim.walks@example.org", HELD.recipient, "Do you still sing on Thursdays?")
    other.wait_for("closed", second)
    _suppressed(doors, second.leak_id, "blocked")
    # What was sent later has arrived, so this one is not merely late.
    other.send_confirmed("lou.walks@example.org", "sacha.reads@example.net", "Thank you for the umbrella.")
    mail_to(doors, "sacha.reads@example.net")
    assert len(mails_to(doors, HELD.recipient)) == 1


def _suppressed(doors: Doors, leak_id: str, reason: str) -> None:
    def said() -> bool:
        values = [json.loads(value) for _, value, _ in doors.parts.read("leak.suppressed.v1") if value]
        return any(value["leak_id"] == leak_id and value["reason"] == reason for value in values)

    found(said, f"the mailer says that the leak is suppressed: {reason}")


def test_a_refused_leak_tells_its_sender_why(doors: Doors, browser: Browser) -> None:
    page = person(browser)
    threat = "Pay me 500 euros in bitcoin or I publish your photos."
    draft = Draft("blake.walks@example.org", "toni.reads@example.net", threat, "other", "someone")
    receipt = browsing.write(page, doors, draft)
    browsing.confirm(page, doors, draft.sender)
    browsing.see_status(page, doors, receipt, "Refused")
    reasons = page.locator('section[aria-labelledby="decision"]')
    expect(reasons).to_contain_text("By a program, with no person involved.")
    expect(reasons).to_contain_text("You think we’re wrong?")
    pictures.take(page, "status-refused")
    assert mails_to(doors, draft.recipient) == []


def test_a_sender_stops_a_leak_that_waits_for_a_moderator(doors: Doors, browser: Browser) -> None:
    page = person(browser)
    draft = Draft("noa.walks@example.org", "ines.reads@example.net", "Call me, will you? My number is 06 98 76 54 32.")
    receipt = browsing.write(page, doors, draft)
    browsing.confirm(page, doors, draft.sender)
    browsing.see_status(page, doors, receipt, "Being checked")
    press(page, "/cancel")
    expect(page.get_by_role("status")).to_contain_text("We’ve passed it on")
    browsing.see_status(page, doors, receipt, "Stopped")
    pictures.take(page, "status-stopped")
    expect(page.locator('form[action="/cancel"]')).to_have_count(0)
    assert mails_to(doors, draft.recipient) == []


def test_a_report_from_the_mail_reaches_the_moderators(doors: Doors, browser: Browser) -> None:
    page, moderator = person(browser), person(browser, DESK)
    address, words = "jo.reads@example.net", "It names my street, and nobody should know it."
    Caller(doors, "127.0.7.2").send_confirmed("alex.walks@example.org", address, "I know where your cat sleeps.")
    browsing.open_mail(page, doors, address)
    opened = browsing.follow(page, "/report/")
    opened.check('input[name="reason"][value="privacy"]')
    opened.fill("#details", words)
    opened.check("#good_faith")
    pictures.take(opened, "report")
    press(opened, "/report")
    expect(opened.locator("h1")).to_have_text("We have your report")
    browsing.sign_in(moderator, doors, "moderation", "mod-b")
    reports = f"{doors.console('moderation')}/reports"
    row = moderator.get_by_role("link", name="Private facts")
    found(lambda: moderator.goto(reports) and row.count(), "the report is at the moderators'")
    row.first.click()
    expect(moderator.get_by_text("Show the words")).to_be_visible()
    moderator.keyboard.press("m")
    expect(moderator.get_by_text(words)).to_be_visible()
    pictures.take(moderator, "moderation-report")


def test_two_auditors_together_open_the_true_origin_of_one_leak(doors: Doors, browser: Browser, tmp_path: Path) -> None:
    page = person(browser)
    receipt = browsing.write(page, doors, Draft("ari.walks@example.org", "sol.reads@example.net", "You were right."))
    ports = browsing.ports_to(doors.gateway, "chrom")
    caller = Caller(doors, "127.83.40.9")
    leak_id = caller.status(receipt)["leak_id"]
    sent = caller.send("eli.walks@example.org", "val.reads@example.net", "Well done.")
    first, second = person(browser, DESK), person(browser, DESK)
    browsing.sign_in(first, doors, "audit", "auditor-a")
    browsing.sign_in(second, doors, "audit", "auditor-b")
    answer = tmp_path / "answer.json"
    record = _opened(first, second, doors, leak_id, answer)
    assert (record["ip"], record["obtained"]) == ("127.0.0.1", "socket")
    assert record["port"] in ports
    # A program knows its own end, so that the port can be compared to the very number.
    record = _opened(first, second, doors, sent.leak_id, answer)
    assert (record["ip"], record["port"]) == ("127.83.40.9", sent.port)


def _opened(first: Page, second: Page, doors: Doors, leak_id: str, answer: Path) -> dict[str, Any]:
    """The one record of the answer, whose signature holds."""
    _enter_and_approve(first, second, doors, leak_id)
    key = _open(first, answer)
    told = check_answer(answer.read_bytes(), key)
    assert told["leak_id"] == leak_id
    with pytest.raises(AnswerBroken):
        check_answer(answer.read_bytes().replace(b'"port":', b'"port":1'), key)
    (record,) = told["records"]
    assert set(record) == {"ip", "port", "obtained", "captured_at", "time_zone"}
    return dict(record)


def _enter_and_approve(first: Page, second: Page, doors: Doors, leak_id: str) -> None:
    first.goto(doors.console("audit"))
    browsing.enter_order(first, leak_id, ("ip", "time"))
    pictures.take(first, "audit-order-review")
    first.check('input[name="confirmed"]')
    first.get_by_role("button", name="Enter the order").click()
    expect(first.get_by_text("You entered this order. Somebody else must approve it.")).to_be_visible()
    pictures.take(first, "audit-order-entered")
    second.goto(first.url)
    browsing.take_step(second, "approve")
    pictures.take(second, "audit-approve")
    press(second, f"{first.url.removeprefix(doors.console('audit'))}/approve")
    expect(second.locator("#next")).to_contain_text("Approved")


def _open(page: Page, answer: Path) -> bytes:
    """Saves the answer; what is returned is the key that auditors hand out."""
    page.reload()
    order = page.url
    browsing.take_step(page, "open")
    pictures.take(page, "audit-open")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Open and download the answer").click()
    saved.value.save_as(answer)
    page.goto(order)
    expect(page.locator("#next")).to_contain_text("Opened")
    pictures.take(page, "audit-order-opened")
    page.get_by_role("link", name="Log", exact=True).click()
    key = from_base64url(page.locator(".audit-key").inner_text().strip())
    pictures.take(page, "audit-log")
    return key


def test_a_leak_in_french_is_french_from_the_form_to_the_mail(doors: Doors, browser: Browser) -> None:
    page, reader = person(browser), person(browser, PHONE)
    draft = Draft(
        *("maud.walks@example.org", "zoe.lit@example.net", "Merci d’être restée jusqu’au bout."),
        *("thanks", "coworker", "fr"),
    )
    browsing.fill_form(page, doors, draft)
    pictures.take(page, "form-fr")
    press(page, "/preview")
    expect(page.locator("h1")).to_have_text("Voilà ce qui sera lu")
    press(page, "/leaks")
    expect(page.locator("h1")).to_have_text("Garde ce reçu")
    browsing.confirm(page, doors, draft.sender)
    browsing.open_mail(reader, doors, draft.recipient)
    letter = reader.frame_locator("iframe")
    expect(letter.locator("h1")).to_have_text("De la part d’un ou une collègue, anonymement")
    expect(letter.locator("blockquote")).to_have_text(draft.message)
    reader.goto(f"{doors.mailbox}{reader.locator('iframe').get_attribute('src')}")
    pictures.take(reader, "mail-fr")
