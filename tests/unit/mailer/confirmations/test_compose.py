"""The bytes of a confirmation mail: it asks, and tells nothing else."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from services.mailer.addresses import NotAnAddress
from services.mailer.compose import ALLOWED_HEADERS, Stationery
from services.mailer.confirmations.compose import ConfirmationComposer
from services.mailer.domain import Mail
from shared.events.values import ClearAddress, Language, Token
from shared.seals.contents import Challenge

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COMPOSER = ConfirmationComposer(Stationery("confirmation", "https://leak.example/", "confirm@leak.example"))


def confirmation(language: Language = "en", address: str = "anna@example.org") -> Mail:
    challenge = Challenge(address=ClearAddress(address), confirm_token=Token("c1" * 11), stop_token=Token("s2" * 11))
    return COMPOSER.mail(challenge, language, NOON + timedelta(days=1), "7c@leak.example", NOON)


def parsed(mail: Mail) -> EmailMessage:
    return message_from_bytes(mail.data, policy=policy.default)


def part(mail: Mail, subtype: str) -> str:
    body = parsed(mail).get_body((subtype,))
    assert body is not None
    text: str = body.get_content()
    return text


def test_the_confirmation_asks_and_tells_nothing_else() -> None:
    mail = confirmation()
    head = parsed(mail)
    assert set(head.keys()) == set(ALLOWED_HEADERS) - {"List-Unsubscribe", "List-Unsubscribe-Post"}
    assert head["From"] == "Leak <confirm@leak.example>"
    assert head["Message-ID"] == "<7c@leak.example>"
    assert (mail.envelope_from, mail.envelope_to) == ("confirm@leak.example", "anna@example.org")
    for subtype in ("plain", "html"):
        text = part(mail, subtype)
        assert "https://leak.example/confirm/" + "c1" * 11 + "?lang=en" in text
        assert "https://leak.example/stop/" + "s2" * 11 + "?lang=en" in text


def test_the_confirmation_says_until_when_as_a_person_would() -> None:
    assert "(This works until 21 November 2026, 12:00 UTC)" in part(confirmation(), "plain")
    french = part(confirmation("fr"), "html")
    assert "21 novembre 2026, 12:00 UTC" in french
    assert '<html lang="fr">' in french


def test_the_confirmation_says_that_an_answer_reaches_nobody() -> None:
    for subtype in ("plain", "html"):
        assert "Nobody reads what is answered" in part(confirmation(), subtype)
        assert "personne ne le lira" in part(confirmation("fr"), subtype)


def test_what_is_no_address_gets_no_question() -> None:
    with pytest.raises(NotAnAddress):
        confirmation(address="a@b.org\r\nBcc: c@d.org")
