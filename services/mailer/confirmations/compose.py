"""Writes confirmation mails; they name neither the recipient nor what was written."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.mailer.addresses import on_envelope
from services.mailer.compose import Stationery, encoded, mail_bytes
from services.mailer.domain import Mail
from shared.events.values import Language
from shared.seals.contents import Challenge
from shared.web.templates import environment
from shared.web.texts import Texts, in_every_language

HERE: Final = Path(__file__).parent

_TEXTS: Final = in_every_language(HERE / "texts")
_pages: Final = environment(HERE / "templates")


class ConfirmationComposer:
    """The same challenge gives the same bytes, but for the Date."""

    def __init__(self, stationery: Stationery) -> None:
        self._paper = stationery
        self._url = stationery.public_url.rstrip("/")

    def mail(
        self, challenge: Challenge, language: Language, expires_at: datetime, message_id: str, now: datetime
    ) -> Mail:
        """The mail that proves the sender's address; NotAnAddress when it can't be addressed."""
        words = _TEXTS[language]
        known = {
            "words": words,
            "confirm": f"{self._url}/confirm/{challenge.confirm_token}?lang={language}",
            "stop": f"{self._url}/stop/{challenge.stop_token}?lang={language}",
            "language": language,
            "until": _moment(words, expires_at),
        }
        to = on_envelope(challenge.address)
        plain, rich = (_pages.get_template(f"confirmation.{form}").render(known) for form in ("txt", "html"))
        headers = self._paper.headers(to, words.subject, message_id, now)
        return Mail(self._paper.from_address, to, mail_bytes(headers, encoded(plain), encoded(rich)))


def _moment(words: Texts, at: datetime) -> str:
    """As a person writes it, in UTC: a mail can't know where it is read."""
    utc = at.astimezone(UTC)
    month = words.months[utc.month - 1]
    return str(words.moment.format(day=utc.day, month=month, year=utc.year, clock=f"{utc:%H:%M}"))
