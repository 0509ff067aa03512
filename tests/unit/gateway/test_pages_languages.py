"""In which language a page is read, and that to change it loses nothing."""

import re

from tests.support.fakes.acts import FakeActs
from tests.support.page_walk import ENGLISH, TYPED, button, field, visitor


async def test_the_language_is_the_visitors_choice_then_their_browsers_then_english() -> None:
    asked = {
        "fr-CA,fr;q=0.9,en;q=0.8": "fr",
        "de, en;q=0.2, fr;q=0.3": "fr",
        "fr;q=0, *": "en",
        "de": "en",
        "fr;q=x,": "en",
    }
    async with visitor(FakeActs()) as client:
        for header, language in asked.items():
            page = await client.get("/", headers={"accept-language": header})
            assert f'<html lang="{language}">' in page.text, header
        page = await client.get("/?lang=fr", headers=ENGLISH)
    assert '<html lang="fr">' in page.text
    assert 'href="/about?lang=fr#keep"' in page.text
    assert field(page, "lang") == "fr"


async def test_the_other_language_keeps_what_was_typed() -> None:
    acts = FakeActs()
    acts.wrong = {"recipient": "not_an_address"}
    typed = {**TYPED, "recipient": "alex at work"}
    async with visitor(acts) as client:
        blank, refused = await client.get("/", headers=ENGLISH), await client.post("/leaks", data=typed)
        for page in (blank, refused):
            switch = button(page, "Français")
            french = await client.post(switch["formaction"], data={**typed, switch["name"]: switch["value"]})
            assert '<html lang="fr">' in french.text
            assert "aria-invalid" not in french.text
            for name in ("recipient", "sender", "idempotency_key"):
                assert field(french, name) == typed[name]
            assert "You held the door." in french.text
            assert re.search(r'value="neighbour" selected', french.text)
        back = button(french, "English")
        carried = {**typed, "lang": field(french, "lang"), back["name"]: back["value"]}
        english = await client.post(back["formaction"], data=carried)
    assert '<html lang="en">' in english.text
    assert acts.calls == []


async def test_the_mails_language_follows_the_page_until_a_word_is_written() -> None:
    async with visitor(FakeActs()) as client:
        kept = await client.post("/preview?lang=fr", data={**TYPED, "then": "edit"})
        followed = await client.post("/preview?lang=fr", data={**TYPED, "message": "", "then": "edit"})
    assert 'value="en" selected' in kept.text
    assert 'value="fr" selected' in followed.text


async def test_the_other_language_keeps_a_report_and_sends_none() -> None:
    acts, typed = FakeActs(), {"token": "abc", "reason": "threat", "details": "he said so"}
    async with visitor(acts) as client:
        switch = button(await client.get("/report/abc", headers=ENGLISH), "Français")
        french = await client.post(switch["formaction"], data={**typed, switch["name"]: switch["value"]})
    assert '<html lang="fr">' in french.text
    assert "he said so" in french.text
    assert 'value="threat" required checked' in french.text
    assert field(french, "token") == "abc"
    assert acts.calls == []
