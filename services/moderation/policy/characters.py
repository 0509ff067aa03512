"""Maps each character to the plain one it reads as: NFKC, no accents, no look-alikes, no hidden characters."""

import re
import unicodedata
from typing import Final

from confusable_homoglyphs import confusables

# A text may try every code point on us: past this many, a face is computed again instead of remembered.
REMEMBERED_FACES: Final = 20_000

# By code point: these look like what they stand for, so their names say which is which.
_PUNCTUATION: Final = {
    **dict.fromkeys(map(chr, (0x2019, 0x2018, 0x201B, 0x02BC, 0x02B9, 0x00B4, 0x0060, 0x2032, 0xFF07)), "'"),
    **dict.fromkeys(map(chr, (0x00AB, 0x00BB, 0x201C, 0x201D, 0x201E, 0x201F, 0x2033, 0xFF02, 0x2039, 0x203A)), '"'),
    **dict.fromkeys(map(chr, (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63, 0xFF0D)), "-"),
    **dict.fromkeys(map(chr, (0x00B7, 0x2022, 0x2219, 0x22C5, 0x30FB, 0x2027)), "."),
    **dict.fromkeys("\n\r\u2028\u2029\u0085", "\n"),
    "\t": " ",
    "œ": "oe",
    "Œ": "oe",
    "æ": "ae",
    "Æ": "ae",
    "€": "€",
    "£": "£",
}
# Squared, circled, small-capital and stroked letters say in their Unicode name which letter they show.
_LETTER_IN_NAME: Final = re.compile(
    r"\b(?:LATIN|REGIONAL INDICATOR)\b.*\bLETTER (?:SMALL CAPITAL )?([A-Z])(?: WITH .+)?$"
)


def _look_alikes() -> dict[str, str]:
    """Non-ASCII characters that UTS 39 lists as confusable with one ASCII letter."""
    letters: dict[str, str] = {}
    for character, others in confusables.confusables_data.items():
        if len(character) != 1 or character.isascii():
            continue
        shown = next((o["c"] for o in others if len(o["c"]) == 1 and o["c"].isascii() and o["c"].isalpha()), None)
        if shown:
            letters[character] = shown.lower()
    return letters


_LOOK_ALIKES: Final = _look_alikes()


def _face(character: str) -> str:  # noqa: PLR0911 - one answer a kind of character
    """The lower-case plain form of one character: empty for a hidden one, several letters for a ligature."""
    if character in _PUNCTUATION:
        return _PUNCTUATION[character]
    category = unicodedata.category(character)
    if category in {"Cf", "Cc", "Mn", "Me"}:
        return ""
    if category in {"Cs", "Co", "Cn", "Zs", "Zl", "Zp"}:
        return " "
    if category == "Nd":
        return str(unicodedata.digit(character))
    plain = "".join(c for c in unicodedata.normalize("NFKD", character) if unicodedata.category(c) not in {"Mn", "Me"})
    if plain.isascii():
        return plain.lower()
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    named = _LETTER_IN_NAME.search(unicodedata.name(character, ""))
    if named:
        return named[1].lower()
    return "".join(_LOOK_ALIKES.get(c, c) for c in plain.casefold())


class _Faces(dict[int, str]):
    """A table for str.translate that fills itself, and remembers which characters change the length."""

    def __init__(self) -> None:
        super().__init__()
        self.uneven: set[str] = set()
        for code in range(128):
            self.__missing__(code)

    def __missing__(self, code: int) -> str:
        face = _face(chr(code))
        if len(face) != 1:
            self.uneven.add(chr(code))
        if len(self) < REMEMBERED_FACES:
            self[code] = face
        return face


_FACES: Final = _Faces()
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def fold(text: str) -> tuple[str, list[int] | None]:
    """The text in plain characters, and where each came from: None when position for position.

    The list of positions has one more entry than the folded text: the original's length.
    """
    if text.isascii() and not _CONTROL.search(text):
        return text.lower(), None
    folded = text.translate(_FACES)
    if _FACES.uneven.isdisjoint(text):
        return folded, None
    origins = [position for position, character in enumerate(text) for _ in _FACES[ord(character)]]
    return folded, [*origins, len(text)]
