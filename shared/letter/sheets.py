"""Letters rendered once, with blanks where each letter differs: to fill the blanks in costs microseconds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from markupsafe import Markup

from shared.letter import ACCENTS, letter_words
from shared.web.templates import environment

TEMPLATES: Final = Path(__file__).parent / "templates"
BLANKS: Final = ("block", "report", "about", "message")
"""What differs from letter to letter: three links and the message."""


def _style() -> str:
    # Because few mail programs know CSS variables, each accent is written out.
    light = "".join(f".{kind} h2{{color:{accent.light}}}" for kind, accent in ACCENTS.items())
    dark = "".join(f".{kind} h2{{color:{accent.dark}}}" for kind, accent in ACCENTS.items())
    base = (TEMPLATES / "letter.css").read_text(encoding="utf-8").strip()
    return f"{base}\n{light}\n@media (prefers-color-scheme: dark){{{dark}}}"


STYLE: Final = _style()
"""The one style sheet of every letter: constant, so that a page with a strict CSP can allow it by its hash."""

_pages = environment(TEMPLATES)
_html = _pages.get_template("letter.html")
_text = _pages.get_template("letter.txt")

# A character that no text of ours contains keeps the place of a blank while the page is rendered.
_PLACES: Final = {blank: f"\x00{blank}\x00" for blank in BLANKS}


@dataclass(frozen=True)
class Page:
    """What stands before the first blank, the blanks in their order, and what follows each."""

    pieces: tuple[str, ...]
    blanks: tuple[str, ...]

    def filled(self, values: Mapping[str, str]) -> str:
        """The page with its blanks filled in."""
        rest = zip(self.blanks, self.pieces[1:], strict=True)
        return self.pieces[0] + "".join(values[blank] + piece for blank, piece in rest)


@dataclass(frozen=True)
class Sheet:
    """A letter but for its blanks. What goes into those of `html` is escaped by whoever fills them in."""

    subject: str
    text: Page
    html: Page


@cache
def sheet(relation: str, kind: str, language: str) -> Sheet:
    """KeyError for a relation or kind that is not one of ours."""
    words = letter_words(relation, kind, language)
    known = {"words": words, "links": _PLACES, "message": _PLACES["message"]}
    return Sheet(
        subject=words.subject,
        text=_page(_text.render(known)),
        html=_page(_html.render(known, kind=kind, style=Markup(STYLE))),  # noqa: S704  # our own file
    )


def _page(rendered: str) -> Page:
    parts = re.split(f"\x00({'|'.join(BLANKS)})\x00", rendered)
    return Page(pieces=tuple(parts[::2]), blanks=tuple(parts[1::2]))
