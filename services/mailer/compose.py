"""Writes mails as ready-made bytes; they depend on the recipient and on what the sender wrote and chose alone (I9)."""

import binascii
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.mailer.addresses import on_envelope
from services.mailer.domain import Mail
from services.mailer.tokens import Tokens
from shared.letter.sheets import sheet
from shared.letter.writing import Letter, LetterLinks, in_html

HERE: Final = Path(__file__).parent
BOUNDARY: Final = "=_leak"
"""Can't occur in quoted-printable, where `=` is followed by two hexadecimal digits or a line end (RFC 2045, 6.7)."""
QP_LINE: Final = 76
"""RFC 2045, 6.7."""

ALLOWED_HEADERS: Final = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Feedback-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
)
"""Nothing else stands on a mail of ours: no client, no time of writing, no host, no id of a leak."""


@dataclass(frozen=True)
class Stationery:
    """What is printed on every sheet."""

    public_url: str
    mail_domain: str
    letter_from: str
    confirmation_from: str


@dataclass(frozen=True)
class Challenge:
    """What a confirmation mail is made of."""

    sender: str
    confirm_token: str
    stop_token: str
    language: str
    expires_at: datetime


_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Composer:
    """Composes each kind of mail; the same job gives the same bytes, but for the Date."""

    def __init__(self, stationery: Stationery, tokens: Tokens) -> None:
        self._paper = stationery
        self._tokens = tokens
        self._url = stationery.public_url.rstrip("/")

    def letter(self, leak_id: str, recipient: str, message: str, chosen: dict[str, Any], now: datetime) -> Mail:
        """The leak's mail; `chosen` has relation, kind and language. NotAnAddress when it can't be addressed."""
        language = chosen["language"]
        block = self._tokens.block(leak_id)
        links = LetterLinks(
            block=f"{self._url}/block/{block}?lang={language}",
            report=f"{self._url}/report/{self._tokens.report(leak_id)}?lang={language}",
            about=f"{self._url}/about?lang={language}#recipient",
        )
        letter = Letter(chosen["relation"], chosen["kind"], language, message, links)
        blank = sheet(letter.relation, letter.kind, letter.language)
        to = on_envelope(recipient)
        headers = {
            "From": f"Leak <{self._paper.letter_from}>",
            "To": to,
            "Subject": _encoded_subject(blank.subject),
            **self._common("letter", leak_id, now),
            "List-Unsubscribe": f"<{self._url}/one-click/{block}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        return Mail(self._paper.letter_from, to, _bytes(headers, *_letter_parts(letter)))

    def confirmation(self, challenge_id: str, challenge: Challenge, now: datetime) -> Mail:
        """The mail that proves the sender's address; it names neither the recipient nor what was written."""
        words = _texts(challenge.language)
        known = {
            "words": words,
            "confirm": f"{self._url}/confirm/{challenge.confirm_token}?lang={challenge.language}",
            "stop": f"{self._url}/stop/{challenge.stop_token}?lang={challenge.language}",
            "language": challenge.language,
            "until": _moment(words, challenge.expires_at),
        }
        to = on_envelope(challenge.sender)
        headers = {
            "From": f"Leak <{self._paper.confirmation_from}>",
            "To": to,
            "Subject": _encoded_subject(words["subject"]),
            **self._common("confirmation", challenge_id, now),
        }
        plain = _pages.get_template("confirmation.txt").render(known)
        rich = _pages.get_template("confirmation.html").render(known)
        return Mail(self._paper.confirmation_from, to, _bytes(headers, _encoded(plain), _encoded(rich)))

    def _common(self, what: str, id_: str, now: datetime) -> dict[str, str]:
        return {
            "Date": format_datetime(now),
            "Message-ID": f"<{self._tokens.message_id(what, id_)}@{self._paper.mail_domain}>",
            "Auto-Submitted": "auto-generated",
            "Feedback-ID": f"{what}:leak-mail",
        }


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads((HERE / "texts" / f"{language}.toml").read_text(encoding="utf-8"))


def _moment(words: dict[str, Any], at: datetime) -> str:
    """As a person writes it, in UTC: a mail can't know where it is read."""
    utc = at.astimezone(UTC)
    month = words["months"][utc.month - 1]
    return str(words["moment"].format(day=utc.day, month=month, year=utc.year, clock=f"{utc:%H:%M}"))


@cache
def _encoded_subject(subject: str) -> str:
    """A subject of ours in RFC 2047 form, folded."""
    return subject if subject.isascii() else Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _letter_parts(letter: Letter) -> tuple[bytes, bytes]:
    chosen = (letter.relation, letter.kind, letter.language)
    plain, rich = _encoded_sheet(*chosen)
    blank, values = sheet(*chosen), letter.values
    return _filled(plain, blank.text.blanks, values), _filled(rich, blank.html.blanks, in_html(values))


@cache
def _encoded_sheet(relation: str, kind: str, language: str) -> tuple[list[bytes], list[bytes]]:
    """The pieces of a letter's text and HTML, encoded once."""
    blank = sheet(relation, kind, language)
    return [_encoded(piece) for piece in blank.text.pieces], [_encoded(piece) for piece in blank.html.pieces]


def _filled(pieces: list[bytes], blanks: tuple[str, ...], values: dict[str, str]) -> bytes:
    filled = [pieces[0]]
    for blank, piece in zip(blanks, pieces[1:], strict=True):
        filled += [_encoded(values[blank]), piece]
    # A soft line break between them, which a reader takes out again: so no line grows beyond 76 characters.
    return b"=\r\n".join(filled)


def _encoded(text: str) -> bytes:
    """Quoted-printable. A lone surrogate is no character: it becomes a question mark instead of an error."""
    lines = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True).split(b"\n")
    if len(lines[-1]) >= QP_LINE:
        lines[-1:] = _folded(lines[-1])
    return b"\r\n".join(lines)


def _folded(line: bytes) -> list[bytes]:
    """A full last line in two, so that there is room for the soft line break that `_filled` ends it with."""
    cut = QP_LINE - 1
    while b"=" in line[cut - 2 : cut]:
        cut -= 1
    return [line[:cut] + b"=", line[cut:]]


def _bytes(headers: dict[str, str], plain: bytes, rich: bytes) -> bytes:
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head += f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'
    return head.encode() + _part("plain", plain) + _part("html", rich) + f"--{BOUNDARY}--\r\n".encode()


def _part(subtype: str, body: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
