"""What a person can do with the pages, without script."""

import html
import re

from services.gateway.acts import TooMany, Unavailable
from shared.letter.writing import PREVIEW_LINKS, STYLE, STYLE_CSP, Letter, write
from tests.support.fakes.acts import RECEIPT, FakeActs
from tests.support.page_walk import ENGLISH, SITE, TYPED, field, status_in, visitor


async def test_the_preview_is_the_mail_itself() -> None:
    async with visitor(FakeActs()) as client:
        page = await client.post("/preview", data=TYPED)
    message = "You held the door.\n<b>Thank you</b> & more"
    mail = write(Letter(relation="neighbour", kind="thanks", language="en", text=message, links=PREVIEW_LINKS))
    shown = re.search(r'srcdoc="([^"]*)"', page.text)
    assert shown
    assert html.unescape(shown.group(1)) == mail.html
    assert mail.subject in page.text


async def test_only_the_preview_may_use_the_style_of_the_mail() -> None:
    async with visitor(FakeActs()) as client:
        preview = await client.post("/preview", data=TYPED)
        form = await client.get("/")
    assert STYLE in html.unescape(preview.text)
    assert STYLE_CSP in preview.headers["content-security-policy"]
    assert STYLE_CSP not in form.headers["content-security-policy"]


async def test_a_preview_sends_nothing_and_carries_all_that_was_typed() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        preview = await client.post("/preview", data=TYPED)
        carried = {name: field(preview, name) for name in TYPED}
        assert acts.calls == []
        await client.post("/leaks", data=carried)
    assert acts.drafts[0].message == "You held the door.\n<b>Thank you</b> & more"
    assert acts.drafts[0].recipient == "alex@example.org"
    assert acts.drafts[0].consent


async def test_the_receipt_is_shown_once_sent() -> None:
    async with visitor(FakeActs()) as client:
        page = await client.post("/leaks", data=TYPED, headers=ENGLISH)
    assert page.status_code == 202
    assert RECEIPT in re.sub(r"<[^>]*>", "", page.text)
    assert "23 November 2026, 12:00 UTC" in page.text
    assert "leak.example/status" in page.text


async def test_the_receipt_page_names_neither_end_nor_the_message() -> None:
    async with visitor(FakeActs()) as client:
        page = await client.post("/leaks", data=TYPED)
    assert not [typed for typed in ("alex@example.org", "me@example.com", "held the door") if typed in page.text]


async def test_a_reloaded_receipt_is_the_same_leak() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        form = await client.get("/")
        typed = {**TYPED, "idempotency_key": field(form, "idempotency_key")}
        await client.post("/leaks", data=typed)
        await client.post("/leaks", data=typed)
        other = await client.get("/")
    assert acts.drafts[0].idempotency_key == acts.drafts[1].idempotency_key == typed["idempotency_key"]
    assert field(other, "idempotency_key") != typed["idempotency_key"]


async def test_a_key_that_we_did_not_make_is_not_used() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        await client.post("/leaks", data={**TYPED, "idempotency_key": "1"})
    assert re.fullmatch(r"[0-9]{8}-[0-9a-f]{32}", acts.drafts[0].idempotency_key or "")


async def test_an_error_stands_at_its_field_and_what_was_typed_is_kept() -> None:
    acts = FakeActs()
    acts.wrong = {"recipient": "not_an_address"}
    async with visitor(acts) as client:
        page = await client.post("/leaks", data={**TYPED, "recipient": "alex at work"}, headers=ENGLISH)
    assert page.status_code == 422
    assert acts.calls == []
    assert field(page, "recipient") == "alex at work"
    assert field(page, "sender") == "me@example.com"
    assert 'aria-invalid="true" aria-describedby="recipient-error"' in page.text
    assert 'id="recipient-error">This is not an e-mail address.' in page.text


async def test_when_nothing_could_be_kept_the_leak_is_still_on_the_page() -> None:
    for failure, status in ((TooMany(400), 429), (Unavailable(30), 503)):
        acts = FakeActs()
        acts.failure = failure
        async with visitor(acts) as client:
            page = await client.post("/leaks", data=TYPED, headers=ENGLISH)
        assert page.status_code == status
        assert page.headers["retry-after"] == str(failure.retry_after_s)
        assert field(page, "recipient") == "alex@example.org"
        assert ("in 7 minutes" if status == 429 else "in a minute") in page.text


async def test_when_no_preview_is_made_what_was_typed_is_still_on_the_page() -> None:
    for failure, status in ((TooMany(400), 429), (Unavailable(30), 503)):
        for then in ("", "edit"):
            acts = FakeActs()
            acts.failure = failure
            async with visitor(acts) as client:
                page = await client.post("/preview", data={**TYPED, "then": then}, headers=ENGLISH)
            assert page.status_code == status
            assert page.headers["retry-after"] == str(failure.retry_after_s)
            assert field(page, "recipient") == "alex@example.org"
            assert "You held the door." in page.text
            assert "What you wrote is still on this page." in page.text


async def test_a_shared_domain_is_warned_of_and_another_is_not() -> None:
    async with visitor(FakeActs()) as client:
        shared = await client.post("/preview", data={**TYPED, "sender": "me@EXAMPLE.org"}, headers=ENGLISH)
        apart = await client.post("/preview", data=TYPED, headers=ENGLISH)
    assert "Both addresses end in example.org." in shared.text
    assert "Both addresses" not in apart.text


async def test_a_slip_in_a_providers_name_is_said_before_sending_and_keeps_nobody_from_it() -> None:
    acts = FakeActs()
    slips = {**TYPED, "recipient": "alex@gmial.com", "sender": "me@hotmial.fr"}
    async with visitor(acts) as client:
        english = await client.post("/preview", data=slips, headers=ENGLISH)
        french = await client.post("/preview", data={**slips, "lang": "fr"})
        right = await client.post("/preview", data=TYPED, headers=ENGLISH)
        await client.post("/leaks", data=slips)
    assert "Did you mean gmail.com?" in english.text
    assert "did you mean hotmail.fr?" in english.text
    assert "Tu voulais écrire gmail.com\u00a0?" in french.text
    assert "mean" not in right.text
    assert acts.drafts[0].recipient == "alex@gmial.com"


async def test_a_leak_to_oneself_is_said_before_sending() -> None:
    async with visitor(FakeActs()) as client:
        page = await client.post("/preview", data={**TYPED, "sender": "Alex@Example.org"}, headers=ENGLISH)
    assert "writing to yourself" in page.text
    assert "Both addresses end in" not in page.text


async def test_a_form_from_another_site_is_refused() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        for name, value in (
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://a.example"),
        ):
            page = await client.post("/leaks", data=TYPED, headers={name: value})
            assert page.status_code == 403
    assert acts.calls == []


async def test_a_form_of_ours_is_taken_from_new_and_old_browsers() -> None:
    acts = FakeActs()
    ours: tuple[dict[str, str], ...] = (
        {"sec-fetch-site": "same-origin", "origin": "null"},
        {"origin": "https://leak.example"},
        {"origin": "null"},
        {},
    )
    async with visitor(acts) as client:
        for headers in ours:
            assert (await client.post("/leaks", data=TYPED, headers=headers)).status_code == 202
    assert len(acts.calls) == len(ours)


async def test_what_is_no_form_is_not_acted_upon() -> None:
    acts = FakeActs()
    as_form = {"content-type": "application/x-www-form-urlencoded"}
    async with visitor(acts) as client:
        too_long = await client.post("/block", content=b"token=" + b"x" * 70_000, headers=as_form)
        too_many = await client.post("/block", content=b"&".join([b"a=1"] * 100), headers=as_form)
        not_utf8 = await client.post("/block", content=b"token=%ff", headers=as_form)
        not_a_form = await client.post("/block", json={"token": "abc"})
    assert [page.status_code for page in (too_long, too_many, not_utf8, not_a_form)] == [413, 400, 400, 400]
    assert acts.calls == []


async def test_an_old_tab_begins_again_instead_of_showing_an_error() -> None:
    async with visitor(FakeActs()) as client:
        begun = {path: (await client.get(path)).headers["location"] for path in ("/preview", "/leaks", "/cancel")}
    assert begun == {"/preview": "/", "/leaks": "/", "/cancel": "/status"}


async def test_a_token_gets_one_answer_whatever_it_is() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        for act in ("confirm", "stop", "block"):
            tokens = ("known", "", "x" * 9_000)
            answers = {(await client.post(f"/{act}", data={"token": token})).text for token in tokens}
            assert len(answers) == 1
    assert ("confirm", "known") in acts.calls


async def test_a_link_carries_its_token_to_the_button_without_a_look() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        page = await client.get("/block/Zm9vYmFy-_x")
        await client.post("/block", data={"token": field(page, "token")})
    assert acts.calls == [("block", "Zm9vYmFy-_x")]


async def test_a_whole_link_may_be_pasted_as_the_token() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        await client.post("/stop", data={"token": " https://leak.example/stop/abc-_1?lang=fr \n"})
    assert acts.calls == [("stop", "abc-_1")]


async def test_a_report_needs_a_reason_and_good_faith_and_keeps_what_was_typed() -> None:
    acts = FakeActs()
    async with visitor(acts) as client:
        page = await client.post("/report", data={"token": "abc", "details": "he said\r\nso"}, headers=ENGLISH)
        assert page.status_code == 422
        assert "he said" in page.text
        assert acts.calls == []
        typed = {"token": "abc", "reason": "threat", "details": "he said\r\nso", "good_faith": "yes"}
        assert (await client.post("/report", data=typed)).status_code == 200
    assert acts.calls == [("report", "abc", "threat", "he said\nso")]


async def test_the_reasons_of_a_refusal_are_given_with_the_way_to_contest_it() -> None:
    async with visitor(FakeActs(status_in("refused"))) as client:
        page = await client.post("/status", data={"receipt": RECEIPT}, headers=ENGLISH)
    for said in ("Threats", "It announces violence.", "By a program", SITE.contact, "9f" * 16):
        assert said in page.text


async def test_cancelling_is_offered_while_it_is_possible() -> None:
    acts = FakeActs(status_in("in_review", can_cancel=True))
    async with visitor(acts) as client:
        page = await client.post("/status", data={"receipt": RECEIPT}, headers=ENGLISH)
        assert 'action="/cancel"' in page.text
        after = await client.post("/cancel", data={"receipt": field(page, "receipt")}, headers=ENGLISH)
        acts.answer_status = status_in("closed")
        closed = await client.post("/status", data={"receipt": RECEIPT}, headers=ENGLISH)
    assert ("cancel", RECEIPT) in acts.calls
    assert "passed it on" in after.text
    assert 'action="/cancel"' not in closed.text


async def test_who_asked_to_stop_a_leak_is_not_told_to_press_the_mails_button() -> None:
    acts = FakeActs(status_in("awaiting_confirmation", can_cancel=True))
    async with visitor(acts) as client:
        before = await client.post("/status", data={"receipt": RECEIPT}, headers=ENGLISH)
        after = await client.post("/cancel", data={"receipt": RECEIPT}, headers=ENGLISH)
    for said in ("Press its button", "Confirm before"):
        assert said in before.text
        assert said not in after.text
    assert "passed it on</h1>" in after.text


async def test_what_came_too_late_to_stop_is_not_called_passed_on() -> None:
    async with visitor(FakeActs(status_in("closed"))) as client:
        after = await client.post("/cancel", data={"receipt": RECEIPT}, headers=ENGLISH)
    assert "passed it on" not in after.text
    assert "Our part is done" in after.text


async def test_what_cannot_be_done_at_an_address_has_words_of_its_own() -> None:
    async with visitor(FakeActs()) as client:
        page = await client.get("/error/405", headers=ENGLISH)
    assert "be done here</h1>" in page.text
    assert "form" not in page.text.split("<main")[1]


async def test_a_file_is_kept_for_ever_under_the_name_of_its_content() -> None:
    async with visitor(FakeActs()) as client:
        path = re.search(r"/static/leak\.[0-9a-f]{12}\.css", (await client.get("/")).text)
        assert path
        file = await client.get(path.group())
        stale = await client.get("/static/leak.000000000000.css")
    assert file.headers["content-type"].startswith("text/css")
    assert "immutable" in file.headers["cache-control"]
    assert stale.status_code == 404


async def test_a_page_about_an_error_repeats_nothing_of_the_path() -> None:
    async with visitor(FakeActs()) as client:
        answer = await client.get("/error/404?who=somebody")
    assert answer.status_code == 404
    assert "/error/404" not in answer.text
    assert "somebody" not in answer.text
