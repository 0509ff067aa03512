"""The mail to a recipient as subject, text and HTML: the mailer sends it, the gateway previews it, word for word."""

import base64
import hashlib
import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.letter import ACCENTS, letter_words

TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class LetterLinks:
    """Where the recipient's ways out lead."""

    block: str
    report: str
    about: str


PREVIEW_LINKS: Final = LetterLinks(block="#", report="#", about="#")
"""Links that lead nowhere: a preview must not act."""


@dataclass(frozen=True)
class Letter:
    """All that a recipient's mail depends on (I9)."""

    relation: str
    kind: str
    language: str
    text: str
    links: LetterLinks


@dataclass(frozen=True)
class WrittenLetter:
    """Line breaks are plain newlines; `html` is a whole document."""

    subject: str
    text: str
    html: str


def _style() -> str:
    # Because few mail programs know CSS variables, each accent is written out.
    light = "".join(f".{kind} h2{{color:{accent.light}}}" for kind, accent in ACCENTS.items())
    dark = "".join(f".{kind} h2{{color:{accent.dark}}}" for kind, accent in ACCENTS.items())
    base = (TEMPLATES / "letter.css").read_text(encoding="utf-8").strip()
    return f"{base}\n{light}\n@media (prefers-color-scheme: dark){{{dark}}}"


STYLE: Final = _style()
"""The one style sheet of every letter: constant, so that a page with a strict CSP can allow it by its hash."""

STYLE_CSP: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""What a previewing page adds to its style-src."""

_pages = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_html = _pages.get_template("letter.html")
_text = _pages.overlay(autoescape=False).get_template("letter.txt")

_BLANKS: Final = {name: f"\x00{name}\x00" for name in ("block", "report", "about", "message")}
_BLANK_LINKS: Final = LetterLinks(block=_BLANKS["block"], report=_BLANKS["report"], about=_BLANKS["about"])


@dataclass(frozen=True)
class _Sheet:
    """A letter rendered once, with blanks as %-fields: filling them in costs microseconds."""

    subject: str
    text: str
    html: str


@cache
def _sheet(relation: str, kind: str, language: str) -> _Sheet:
    words = letter_words(relation, kind, language)
    known = {"words": words, "links": _BLANK_LINKS, "message": _BLANKS["message"]}
    return _Sheet(
        subject=words.subject,
        text=_with_fields(_text.render(known)),
        html=_with_fields(_html.render(known, kind=kind, style=Markup(STYLE))),  # noqa: S704  # our own file
    )


def _with_fields(page: str) -> str:
    page = page.replace("%", "%%")
    for name, blank in _BLANKS.items():
        page = page.replace(blank, f"%({name})s")
    return page


def one_newline(text: str) -> str:
    """Every line break as a plain newline."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write(letter: Letter) -> WrittenLetter:
    """The letter as its recipient reads it; KeyError for a relation or kind that is not one of ours."""
    sheet = _sheet(letter.relation, letter.kind, letter.language)
    filled = {**vars(letter.links), "message": one_newline(letter.text)}
    # Because a style sheet may fail to load, a line break is an element; spaces are left to `white-space`.
    escaped = {name: html.escape(value).replace("\n", "<br>") for name, value in filled.items()}
    return WrittenLetter(sheet.subject, sheet.text % filled, sheet.html % escaped)
