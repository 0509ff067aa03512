"""The bytes of a mail: right for any text, nothing on it that is not on the list, nothing in it of who wrote."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.mailer.addresses import NotAnAddress, on_envelope
from services.mailer.compose import ALLOWED_HEADERS, Challenge, Composer, Stationery
from services.mailer.domain import Mail
from services.mailer.tokens import Tokens
from shared.letter import KINDS, LANGUAGES, RELATIONS
from shared.letter.writing import Letter, LetterLinks, write

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEAK = "5a" * 16
TOKENS = Tokens(b"t" * 32, b"m" * 32)
COMPOSER = Composer(
    Stationery("https://leak.example/", "leak.example", "letters@leak.example", "confirm@leak.example"), TOKENS
)
CHOSEN = {"relation": "friend", "kind": "crush", "language": "en"}
CHALLENGE = Challenge("anna@example.org", "c1" * 11, "s2" * 11, "en", NOON + timedelta(days=1))


def letter(message: str = "I like you.", recipient: str = "ben@example.org", **chosen: str) -> Mail:
    return COMPOSER.letter(LEAK, recipient, message, {**CHOSEN, **chosen}, NOON)


def parsed(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.data, policy=policy.default)


def part(mail: Mail, subtype: str) -> str:
    body = parsed(mail).get_body((subtype,))
    assert body is not None
    raw = body.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode()


def expected(message: str, **chosen: str) -> Letter:
    all_chosen = {**CHOSEN, **chosen}
    return Letter(
        all_chosen["relation"],
        all_chosen["kind"],
        all_chosen["language"],
        message,
        LetterLinks(
            block=f"https://leak.example/block/{TOKENS.block(LEAK)}?lang={all_chosen['language']}",
            report=f"https://leak.example/report/{TOKENS.report(LEAK)}?lang={all_chosen['language']}",
            about=f"https://leak.example/about?lang={all_chosen['language']}#recipient",
        ),
    )


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
        mail = letter(recipient=f"{local}@{domain}")
    except NotAnAddress:
        return
    head = mail.data.split(b"\r\n\r\n", 1)[0]
    assert [line.split(b":")[0].decode() for line in head.split(b"\r\n") if line[:1] != b" "] == list(ALLOWED_HEADERS)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.org\r\nBcc: c@d.org",
        "a b@c.org",
        "<a@b.org>",
        "a@b.org,c@d.org",
        '"a"@b.org',
        "@b.org",
        "a@",
        "a@b@c.org",
        "a\u2028b@c.org",
        "a@exa mple.org",
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(NotAnAddress):
        on_envelope(address)


def test_an_international_domain_travels_in_idna() -> None:
    assert on_envelope("Anna.B@Exämple.ORG") == "Anna.B@xn--exmple-cua.org"


def test_a_letter_offers_the_ways_out_before_the_message() -> None:
    for subtype in ("plain", "html"):
        text = part(letter("THE MESSAGE", relation="neighbour"), subtype)
        places = [text.index(piece) for piece in ("/block/", "/report/", "/about", "THE MESSAGE")]
        assert places == sorted(places)
        assert "From a neighbour, anonymously" in text
        assert "A crush" in text


def test_one_click_refusal_is_in_the_headers() -> None:
    head = parsed(letter())
    assert head["List-Unsubscribe"] == f"<https://leak.example/one-click/{TOKENS.block(LEAK)}>"
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["Date"] == "Fri, 20 Nov 2026 12:00:00 +0000"


def test_the_same_leak_gives_the_same_bytes_and_a_message_id_that_tells_nothing() -> None:
    assert letter() == letter()
    assert LEAK not in letter().data.decode()
    assert re.fullmatch(r"<[0-9a-f]{32}@leak\.example>", parsed(letter())["Message-ID"])
    other = COMPOSER.letter("6b" * 16, "ben@example.org", "I like you.", CHOSEN, NOON)
    assert parsed(other)["Message-ID"] != parsed(letter())["Message-ID"]


def test_the_confirmation_asks_and_tells_nothing_else() -> None:
    mail = COMPOSER.confirmation("7c" * 16, CHALLENGE, NOON)
    head = parsed(mail)
    assert set(head.keys()) == set(ALLOWED_HEADERS) - {"List-Unsubscribe", "List-Unsubscribe-Post"}
    assert head["From"] != parsed(letter())["From"]
    assert mail.sender != letter().sender
    for subtype in ("plain", "html"):
        text = part(mail, subtype)
        assert "https://leak.example/confirm/" + "c1" * 11 + "?lang=en" in text
        assert "https://leak.example/stop/" + "s2" * 11 + "?lang=en" in text
        assert "7c" * 16 not in text


def test_the_confirmation_says_until_when_as_a_person_would() -> None:
    english = part(COMPOSER.confirmation("7c" * 16, CHALLENGE, NOON), "plain")
    assert "(This works until 21 November 2026, 12:00 UTC)" in english
    french = part(COMPOSER.confirmation("7c" * 16, replace(CHALLENGE, language="fr"), NOON), "html")
    assert "21 novembre 2026, 12:00 UTC" in french
    assert '<html lang="fr">' in french


def test_no_identifier_is_in_both_a_senders_and_a_recipients_mail() -> None:
    """I6: what could join them would be a long word with a digit in both, even were the mailer's ids equal."""

    def words(mail: Mail) -> set[str]:
        head = mail.data.split(b"\r\n\r\n", 1)[0].decode()
        long = re.findall(r"[A-Za-z0-9_-]{12,}", head + part(mail, "plain") + part(mail, "html"))
        return {word for word in long if re.search(r"\d", word)}

    same_id = COMPOSER.confirmation(LEAK, CHALLENGE, NOON)
    assert words(letter())
    assert not words(letter()) & words(same_id)


def test_tokens_are_128_bits_apart_by_purpose_and_leak() -> None:
    tokens = {TOKENS.block(LEAK), TOKENS.report(LEAK), TOKENS.block("6b" * 16), TOKENS.report("6b" * 16)}
    assert len(tokens) == 4
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", token) for token in tokens)
    assert Tokens(b"u" * 32, b"m" * 32).block(LEAK) not in tokens
