"""The mail to a recipient as subject, text and HTML: the mailer sends it, the gateway previews it, word for word."""

import base64
import hashlib
import html
from dataclasses import dataclass
from typing import Final

from shared.letter.sheets import STYLE, sheet

STYLE_CSP: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""What a previewing page adds to its style-src."""


@dataclass(frozen=True)
class LetterLinks:
    """Where the recipient's ways out lead."""

    block: str
    report: str
    about: str


_NOWHERE = "about:srcdoc#"
# A bare "#" would lead to the page around the frame, and the letter would be gone.
PREVIEW_LINKS: Final = LetterLinks(block=_NOWHERE, report=_NOWHERE, about=_NOWHERE)
"""Links that lead nowhere: a preview must not act."""


@dataclass(frozen=True)
class Letter:
    """All that a recipient's mail depends on (I9)."""

    relation: str
    kind: str
    language: str
    text: str
    links: LetterLinks

    @property
    def values(self) -> dict[str, str]:
        """What goes into the blanks of its sheet; line breaks are plain newlines."""
        return {**vars(self.links), "message": self.text.replace("\r\n", "\n").replace("\r", "\n")}


@dataclass(frozen=True)
class WrittenLetter:
    """Line breaks are plain newlines; `html` is a whole document."""

    subject: str
    text: str
    html: str


def write(letter: Letter) -> WrittenLetter:
    """The letter as its recipient reads it; KeyError for a relation or kind that is not one of ours."""
    blank = sheet(letter.relation, letter.kind, letter.language)
    values = letter.values
    return WrittenLetter(blank.subject, blank.text.filled(values), blank.html.filled(in_html(values)))


def in_html(values: dict[str, str]) -> dict[str, str]:
    """Escaped. A line break is an element, because a style sheet may fail to load; spaces are left to the style."""
    return {name: html.escape(value).replace("\n", "<br>") for name, value in values.items()}
