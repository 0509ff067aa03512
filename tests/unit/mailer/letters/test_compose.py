"""The bytes of a mail: right for any text, nothing on it that is not on the list, nothing in it of who wrote."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.mailer.addresses import NotAnAddress
from services.mailer.compose import ALLOWED_HEADERS, Stationery
from services.mailer.domain import Mail
from services.mailer.letters.compose import LetterComposer, OpenedLetter
from shared.events.values import ClearAddress, Token
from shared.letter import KINDS, RELATIONS
from shared.letter.writing import Letter, LetterLinks, write
from shared.web.languages import LANGUAGES

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BLOCK, REPORT = Token("block-token"), Token("report-token")
MESSAGE_ID = "5a@leak.example"
COMPOSER = LetterComposer(Stationery("letter", "https://leak.example/", "letters@leak.example"))
OPENED = OpenedLetter(ClearAddress("ben@example.org"), "I like you.", "friend", "crush", "en", BLOCK, REPORT)


def letter(message: str = "I like you.", **changes: Any) -> Mail:
    return COMPOSER.mail(replace(OPENED, message=message, **changes), MESSAGE_ID, NOON)


def parsed(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.data, policy=policy.default)


def part(mail: Mail, subtype: str) -> str:
    body = parsed(mail).get_body((subtype,))
    assert body is not None
    raw = body.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode()


def expected(message: str, relation: str = "friend", kind: str = "crush", language: str = "en") -> Letter:
    links = LetterLinks(
        block=f"https://leak.example/block/{BLOCK}?lang={language}",
        report=f"https://leak.example/report/{REPORT}?lang={language}",
        about=f"https://leak.example/about?lang={language}#recipient",
    )
    return Letter(relation, kind, language, message, links)


@given(
    message=st.text(max_size=2_000),
    relation=st.sampled_from(RELATIONS),
    kind=st.sampled_from(KINDS),
    language=st.sampled_from(LANGUAGES),
)
@settings(max_examples=200, deadline=None)
def test_every_text_comes_out_of_the_mail_as_it_went_in(message: str, relation: str, kind: str, language: str) -> None:
    chosen = {"relation": relation, "kind": kind, "language": language}
    mail, written = letter(message, **chosen), write(expected(message, **chosen))
    assert part(mail, "plain") == written.text.replace("\n", "\r\n")
    assert part(mail, "html") == written.html.replace("\n", "\r\n")
    assert message.replace("\r\n", "\n").replace("\r", "\n") in written.text
    assert tuple(parsed(mail).keys()) == ALLOWED_HEADERS
    assert parsed(mail)["Subject"] == written.subject


@pytest.mark.parametrize(
    "message",
    [
        "x" * 10_000,
        "\U0001f48c" * 500,
        "שלום עולם",
        "مرحبا \u202eabc\u202c",
        ".\r\n.\r\n..\r\n",
        "--=_leak--",
        "\r\rlone\rbreaks",
        "From here",
        "=3D=\n",
        "trailing space \nand tab\t\n",
        "%(block)s %s 100 %",
        "<script>alert(1)</script>",
        "\0\x1b",
    ],
)
def test_difficult_texts_too(message: str) -> None:
    mail = letter(message)
    assert part(mail, "plain") == write(expected(message)).text.replace("\n", "\r\n")
    assert len(list(parsed(mail).iter_parts())) == 2


@given(st.text(max_size=500))
@example("a" * 76)
@example("000\x1f\x08\x80\x80\x80" + "\U00010000" * 4 + "0")
@settings(max_examples=100, deadline=None)
def test_the_wire_form_is_plain_seven_bit_lines(message: str) -> None:
    data = letter(message).data
    assert data.isascii()
    assert all(len(line) <= 76 for line in data.split(b"\r\n\r\n", 1)[1].split(b"\r\n"))
    assert data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert "a?b" in part(letter("a\ud800b"), "plain")


def test_html_is_escaped_and_loads_nothing() -> None:
    page = part(letter('<img src="https://evil.example/x.png">\n<b>'), "html")
    assert "&lt;img" in page
    assert "<b>" not in page
    assert not re.search(r"\ssrc=|url\(|@import|<script|<link|<img", page.split("<blockquote")[0])
    assert not re.search(r"<(img|script|link)", page)


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_address_begins_a_header_of_its_own(local: str, domain: str) -> None:
    try:
        mail = letter(recipient=ClearAddress(f"{local}@{domain}"))
    except NotAnAddress:
        return
    head = mail.data.split(b"\r\n\r\n", 1)[0]
    assert [line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] != b" "] == list(ALLOWED_HEADERS)


def test_a_letter_offers_the_ways_out_before_the_message() -> None:
    for subtype in ("plain", "html"):
        text = part(letter("THE MESSAGE", relation="neighbour"), subtype)
        places = [text.index(piece) for piece in ("/block/", "/report/", "/about", "THE MESSAGE")]
        assert places == sorted(places)
        assert "From a neighbour, anonymously" in text
        assert "A crush" in text


@pytest.mark.parametrize(("language", "said"), [("en", "nobody gets your answer"), ("fr", "ne mène à personne")])
def test_a_letter_says_that_an_answer_reaches_nobody(language: str, said: str) -> None:
    for subtype in ("plain", "html"):
        text = part(letter("THE MESSAGE", language=language), subtype)
        assert said in text.split("THE MESSAGE")[1]


def test_one_click_refusal_is_in_the_headers() -> None:
    head = parsed(letter())
    assert head["List-Unsubscribe"] == f"<https://leak.example/one-click/{BLOCK}>"
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["Date"] == "Fri, 20 Nov 2026 12:00:00 +0000"


def test_the_same_letter_gives_the_same_bytes_and_shows_nothing_of_itself() -> None:
    assert letter() == letter()
    assert parsed(letter())["Message-ID"] == f"<{MESSAGE_ID}>"
    assert repr(OPENED) == "<OpenedLetter>"
