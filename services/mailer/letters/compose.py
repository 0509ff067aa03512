"""Writes letters; they depend on the recipient and on what the sender wrote and chose alone (I9)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from services.mailer.addresses import on_envelope
from services.mailer.compose import Stationery, encoded, joined, mail_bytes
from services.mailer.domain import Mail
from shared.events.values import ClearAddress, Token
from shared.letter.sheets import sheet
from shared.letter.writing import Letter, LetterLinks, in_html


@dataclass(frozen=True)
class OpenedLetter:
    """What a letter is made of, in clear; its repr shows nothing."""

    recipient: ClearAddress
    message: str
    relation: str
    kind: str
    language: str
    block: Token
    report: Token

    def __repr__(self) -> str:
        """Show the class alone."""
        return "<OpenedLetter>"


class LetterComposer:
    """The same letter gives the same bytes, but for the Date."""

    def __init__(self, stationery: Stationery) -> None:
        self._paper = stationery
        self._url = stationery.public_url.rstrip("/")

    def mail(self, opened: OpenedLetter, message_id: str, now: datetime) -> Mail:
        """The leak's mail; NotAnAddress when it can't be addressed."""
        links = LetterLinks(
            block=f"{self._url}/block/{opened.block}?lang={opened.language}",
            report=f"{self._url}/report/{opened.report}?lang={opened.language}",
            about=f"{self._url}/about?lang={opened.language}#recipient",
        )
        letter = Letter(opened.relation, opened.kind, opened.language, opened.message, links)
        to = on_envelope(opened.recipient)
        headers = {
            **self._paper.headers(to, sheet(letter.relation, letter.kind, letter.language).subject, message_id, now),
            "List-Unsubscribe": f"<{self._url}/one-click/{opened.block}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        return Mail(self._paper.from_address, to, mail_bytes(headers, *_parts(letter)))


def _parts(letter: Letter) -> tuple[bytes, bytes]:
    chosen = (letter.relation, letter.kind, letter.language)
    plain, rich = _encoded_sheet(*chosen)
    blank, values = sheet(*chosen), letter.values
    return _filled(plain, blank.text.blanks, values), _filled(rich, blank.html.blanks, in_html(values))


@cache
def _encoded_sheet(relation: str, kind: str, language: str) -> tuple[list[bytes], list[bytes]]:
    """The pieces of a letter's text and HTML, encoded once."""
    blank = sheet(relation, kind, language)
    return [encoded(piece) for piece in blank.text.pieces], [encoded(piece) for piece in blank.html.pieces]


def _filled(pieces: list[bytes], blanks: tuple[str, ...], values: dict[str, str]) -> bytes:
    filled = [pieces[0]]
    for blank, piece in zip(blanks, pieces[1:], strict=True):
        filled += [encoded(values[blank]), piece]
    return joined(filled)
