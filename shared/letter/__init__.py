"""The words of the mail that a recipient gets: one source for the mailer, which sends it, and the gateway's preview."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, get_args

from shared.events.values import Kind, Relation
from shared.web.texts import in_every_language

RELATIONS: Final[tuple[str, ...]] = get_args(Relation)
KINDS: Final[tuple[str, ...]] = get_args(Kind)


@dataclass(frozen=True)
class Accent:
    """A kind's colour: `light` is read on white, `dark` on a dark page; both pass WCAG AA."""

    light: str
    dark: str


ACCENTS: Final = {
    "crush": Accent("#b3144f", "#ff9ab9"),
    "joke": Accent("#944800", "#ffb765"),
    "confidence": Accent("#4a3cc0", "#b3b6ff"),
    "thanks": Accent("#0b6a3d", "#74d6a0"),
    "revelation": Accent("#075e78", "#6accea"),
    "other": Accent("#47556b", "#b9c6da"),
}


@dataclass(frozen=True)
class LetterWords:
    """Every line of the mail but the message itself, in the order in which they are read."""

    language: str
    subject: str
    kind: str
    intro: str
    checked: str
    ways: str
    report: str
    report_why: str
    block: str
    block_why: str
    about: str
    about_why: str
    no_reply: str
    signature: str


_TEXTS: Final = in_every_language(Path(__file__).parent / "texts")


@cache
def letter_words(relation: str, kind: str, language: str) -> LetterWords:
    """KeyError for a relation or kind that is not one of ours."""
    words = _TEXTS[language]
    subject, named = vars(words.subject)[relation], vars(words.kind)[kind]
    return LetterWords(language=language, subject=subject, kind=named, **vars(words.letter))
