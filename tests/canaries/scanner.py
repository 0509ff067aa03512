"""Finds marks in any bytes, in any encoding; one scanner for every test that looks for what must not be there."""

import base64
import bz2
import ipaddress
import lzma
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile

import cramjam

from tests.canaries.encodings import ENCODINGS, digests, texts_of_address

ADDRESSES = ("address", "claimed address")
# Other spellings of an IP address are looked for in the encodings that a program makes without meaning to.
USUAL = ("plain", "upper case", "UTF-16", "hexadecimal", "base64", "base64url", "JSON escapes")
SHORTEST = 6
"""Bytes; a shorter needle occurs by chance, so only whole marks count then."""
SHARED = 9
"""Characters; at any alignment of base32 this leaves one group that the neighbours have no part in."""
AROUND = 400
UNPACKED_AT_MOST = 1 << 22
_HEXADECIMAL = re.compile(rb"(?<![0-9A-Za-z])(?:0x)?([0-9a-fA-F]{8,})(?![0-9A-Za-z])")
_NUMBER = re.compile(rb"(?<![0-9A-Za-z.])[0-9]{8,40}(?![0-9A-Za-z])")
_BASE64 = re.compile(rb"(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{6,}")
_SLASH = re.compile(rb"/")
_BASE64_PACKED = (b"H4sI", b"eJ", b"eN", b"eA", b"eF", b"BCJNGA", b"KLUv", b"/Td6W", b"Qlpo")
"""What the unpackers' first bytes become in base64."""
DIGEST_HEX, DIGEST_BASE64 = 16, 10
UNPACKERS: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b\x08": lambda packed: zlib.decompressobj(31).decompress(packed, UNPACKED_AT_MOST),
    **dict.fromkeys(
        (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
        lambda packed: zlib.decompressobj(15).decompress(packed, UNPACKED_AT_MOST),
    ),
    b"\x04\x22\x4d\x18": lambda packed: bytes(cramjam.lz4.decompress(packed)),
    b"\x28\xb5\x2f\xfd": lambda packed: bytes(cramjam.zstd.decompress(packed)),
    b"\xfd7zXZ\x00": lambda packed: lzma.LZMADecompressor().decompress(packed, UNPACKED_AT_MOST),
    b"BZh": lambda packed: bz2.BZ2Decompressor().decompress(packed, UNPACKED_AT_MOST),
}


@dataclass(frozen=True)
class Mark:
    """Something that must not be found: `kind` is one of ADDRESSES for an IP address, else any word."""

    kind: str
    text: str
    owner: int | None = None
    """Whose it is, where a place may hold one person's and nobody else's."""
    also: tuple[str, ...] = field(default=(), repr=False)
    """Longer texts with the mark in them, whose digests must not be found either."""
    bare: bool = False
    """Its digest may be seen."""
    random: bool = False
    """An id or a key: looked for as a word of its own, plain, in hexadecimal, in base64; its digest may be seen."""


@dataclass(frozen=True)
class Hit:
    """A mark that was found. `mark.text` ends with `…` when only what all marks of its kind share was seen."""

    where: str
    encoding: str
    mark: Mark


@dataclass(frozen=True)
class _Family:
    """Marks in one spelling, and what they all share: looked for first, since a mark costs as much as a family."""

    spelling: str
    shared: str
    marks: dict[str, Mark]
    encodings: tuple[str, ...]

    def needles(self) -> Iterator[tuple[str, bytes]]:
        for encoding in self.encodings:
            for needle in ENCODINGS[encoding](self.shared):
                if needle:
                    yield encoding, needle


class Scanner:
    """Made once for all marks; `hits` as often as there are places."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        self.marks = tuple(marks)
        kinds = sorted({mark.kind for mark in self.marks if not mark.random})
        self._families = [family for kind in kinds for family in self._of(kind)]
        self._needles = [(family, *needle) for family in self._families for needle in family.needles()]
        self._usual = [needle for needle in self._needles if needle[1] in USUAL]
        self._hex: dict[bytes, tuple[str, Mark]] = {}
        self._base64: dict[bytes, tuple[str, Mark]] = {}
        self._numbers: dict[bytes, tuple[str, Mark]] = {}
        self._raw: dict[bytes, tuple[str, Mark]] = {}
        for mark in self.marks:
            if mark.random:
                self._learn_word(mark)
            elif not mark.bare:
                self._learn_digests(mark)
            if mark.kind in ADDRESSES:
                self._learn_numbers(mark)

    def hits(self, where: str, data: bytes, *, usual: bool = False) -> list[Hit]:
        """Everything that `data` betrays, once each. `usual`: only texts, in the USUAL encodings; faster."""
        found: set[Hit] = set(self._written(where, data, self._usual)) if usual else set()
        for layer in () if usual else _unfolded(data):
            found |= {*self._written(where, layer, self._needles), *self._tokens(where, layer)}
        return sorted(found, key=lambda hit: (hit.mark.kind, hit.mark.text, hit.encoding))

    def encodings(self) -> set[str]:
        """The names of everything that is looked for."""
        tables = (self._hex, self._base64, self._numbers, self._raw)
        return {one for _, one, _ in self._needles} | {name for table in tables for name, _ in table.values()}

    def _of(self, kind: str) -> Iterator[_Family]:
        marks = [mark for mark in self.marks if mark.kind == kind]
        if kind not in ADDRESSES:
            yield from _families("", {mark.text: mark for mark in marks}, tuple(ENCODINGS))
            return
        for version in (4, 6):
            spelled = {
                mark: texts_of_address(mark.text)
                for mark in marks
                if ipaddress.ip_address(mark.text).version == version
            }
            for spelling in next(iter(spelled.values()), {}):
                texts = {texts[spelling]: mark for mark, texts in spelled.items()}
                yield from _families(spelling, texts, tuple(ENCODINGS) if spelling == "as written" else USUAL)

    def _written(self, where: str, data: bytes, needles: Sequence[tuple[_Family, str, bytes]]) -> Iterator[Hit]:
        for family, encoding, needle in needles:
            at = data.find(needle)
            while at >= 0:
                near = data[max(0, at - AROUND) : at + AROUND]
                yield from self._which(where, family, encoding, needle, near)
                at = data.find(needle, at + AROUND)

    @staticmethod
    def _which(where: str, family: _Family, encoding: str, needle: bytes, near: bytes) -> Iterator[Hit]:
        name = f"{encoding}, {family.spelling}" if family.spelling else encoding
        encode = ENCODINGS[encoding]
        whole = [mark for text, mark in family.marks.items() if any(_in(one, near) for one in encode(text))]
        yield from (Hit(where, name, mark) for mark in whole)
        if not whole and len(needle) > SHORTEST + 1:
            yield Hit(where, name, Mark(next(iter(family.marks.values())).kind, f"{family.shared}…"))

    def _tokens(self, where: str, data: bytes) -> Iterator[Hit]:
        for match in _HEXADECIMAL.finditer(data):
            token = match[1].lower()
            yield from _known(where, self._hex, token, token[:DIGEST_HEX])
        for match in _NUMBER.finditer(data):
            yield from _known(where, self._numbers, match[0])
        for match in _BASE64.finditer(data):
            token = match[0].replace(b"-", b"+").replace(b"_", b"/")
            # At each slash too, since a path is made of the same characters.
            for at in (0, *(slash.end() for slash in _SLASH.finditer(token))):
                yield from _known(where, self._base64, token[at:], token[at : at + DIGEST_BASE64])
        if len(data) <= max(map(len, self._raw), default=0) * 8:
            yield from _known(where, self._raw, data, data[:8])

    def _learn_word(self, mark: Mark) -> None:
        raw = mark.text.encode()
        for word in (raw, raw.replace(b"-", b"")):
            self._base64[word.replace(b"-", b"+").replace(b"_", b"/")[:DIGEST_BASE64]] = ("plain", mark)
            self._hex[word.lower()[:DIGEST_HEX]] = ("plain", mark)
        self._hex[raw.hex().encode()[:DIGEST_HEX]] = ("hexadecimal", mark)
        self._base64[base64.b64encode(raw)[:DIGEST_BASE64]] = ("base64", mark)

    def _learn_digests(self, mark: Mark) -> None:
        packed = [ipaddress.ip_address(mark.text).packed] if mark.kind in ADDRESSES else []
        for value in (mark.text.encode(), *(text.encode() for text in mark.also), *packed):
            for name, digest in digests(value).items():
                self._hex[digest.hex().encode()[:DIGEST_HEX]] = (f"{name}, hexadecimal", mark)
                self._base64[base64.b64encode(digest)[:DIGEST_BASE64]] = (f"{name}, base64", mark)
                self._raw[digest[:8]] = (f"{name}, raw", mark)

    def _learn_numbers(self, mark: Mark) -> None:
        parsed = ipaddress.ip_address(mark.text)
        for name, packed in (("packed", parsed.packed), ("packed backwards", parsed.packed[::-1])):
            self._hex[packed.hex().encode()] = (f"{name}, hexadecimal", mark)
            self._base64[base64.b64encode(packed).rstrip(b"=")] = (f"{name}, base64", mark)
            self._raw[packed] = (f"{name}, raw", mark)
            self._numbers[str(int.from_bytes(packed, "big")).encode()] = (f"{name}, a number", mark)


def _families(spelling: str, texts: dict[str, Mark], encodings: tuple[str, ...]) -> Iterator[_Family]:
    shared = max(_common_begin(texts), _common_begin(text[::-1] for text in texts)[::-1], key=len)
    if len(texts) > 1 and len(shared) >= (SHARED if len(encodings) > len(USUAL) else SHORTEST):
        yield _Family(spelling, shared, texts, encodings)
        return
    for text, mark in texts.items():
        yield _Family(spelling, text, {text: mark}, encodings)


def _common_begin(texts: Iterable[str]) -> str:
    return "".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*texts, strict=False)))


def _in(needle: bytes, data: bytes) -> bool:
    return bool(needle) and needle in data


def _known(where: str, table: dict[bytes, tuple[str, Mark]], *tokens: bytes) -> Iterator[Hit]:
    for token in tokens:
        if token in table:
            encoding, mark = table[token]
            yield Hit(where, encoding, mark)


def _unfolded(data: bytes) -> Iterator[bytes]:
    """The data, and whatever is compressed in it, as it is or inside base64."""
    yield data
    yield from _unpacked(data)
    for match in _BASE64.finditer(data):
        if match[0].startswith(_BASE64_PACKED):
            yield from _unpacked(_decoded(match[0]), at_start=True)


def _decoded(token: bytes) -> bytes:
    token = token.replace(b"-", b"+").replace(b"_", b"/")
    token = token[:-1] if len(token) % 4 == 1 else token
    return base64.b64decode(token + b"=" * (-len(token) % 4))


def _unpacked(data: bytes, *, at_start: bool = False) -> Iterator[bytes]:
    for begin, unpack in UNPACKERS.items():
        at = 0 if at_start else data.find(begin)
        while at >= 0 and data.startswith(begin, at):
            with suppress(zlib.error, lzma.LZMAError, cramjam.DecompressionError, OSError, EOFError, ValueError):
                yield unpack(data[at:])
            at = -1 if at_start else data.find(begin, at + 1)


def as_found(hits: Sequence[Hit], at_most: int = 20) -> str:
    """What a failing test says."""
    lines = [f"{hit.where}: {hit.mark.kind} {hit.mark.text} ({hit.encoding})" for hit in hits[:at_most]]
    return "\n".join([f"{len(hits)} hits", *lines])
