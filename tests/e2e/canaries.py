"""Looks for what must not be there: known texts, in every form that a careless program would leave them in."""

import base64
import binascii
import bz2
import codecs
import hashlib
import html
import json
import lzma
import quopri
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import quote, quote_plus

import cramjam

# Shorter needles would be found by chance in what is sealed.
SHORTEST = 8
DEPTH = 3
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
DIGESTS = ("md5", "sha1", "sha256", "sha384", "sha512", "blake2b", "sha3_256")

Needles = Callable[[str], Iterable[bytes]]


def _shifted(encode: Callable[[bytes], bytes], block: int, symbols: int) -> Needles:
    """The middle of an encoding that works in blocks, wherever in a longer text the canary stands."""

    def needles(canary: str) -> Iterator[bytes]:
        for offset in range(block):
            text = b"\0" * offset + canary.encode()
            whole = text[: len(text) // block * block]
            yield encode(whole)[symbols if offset else 0 :]

    return needles


def _digests(canary: str) -> Iterator[bytes]:
    for text in {canary, canary.lower()}:
        for name in DIGESTS:
            digest = hashlib.new(name, text.encode()).digest()
            yield from (digest, digest.hex().encode(), base64.b64encode(digest).rstrip(b"="))
            yield base64.urlsafe_b64encode(digest).rstrip(b"=")


def _address_forms(canary: str) -> Iterator[bytes]:
    try:
        address = ip_address(canary)
    except ValueError:
        return
    yield from (str(int(address)).encode(), address.reverse_pointer.encode(), canary.replace(".", "-").encode())
    yield address.packed.hex(":").encode()


def _each(template: str) -> Needles:
    return lambda canary: ["".join(template.format(ord(sign)) for sign in canary).encode()]


def _codec(name: str) -> Needles:
    return lambda canary: [canary.encode(name, "replace")]


# What is looked into is folded, and so are the needles; folding bytes leaves accents as they are.
ENCODINGS: Mapping[str, Needles] = {
    "plain": _codec("utf-8"),
    "upper case": lambda canary: [canary.upper().encode()],
    "latin-1": _codec("latin-1"),
    "utf-16-le": _codec("utf-16-le"),
    "utf-16-be": _codec("utf-16-be"),
    "utf-32-le": _codec("utf-32-le"),
    "utf-7": _codec("utf-7"),
    "reversed": lambda canary: [canary[::-1].encode()],
    "rot13": lambda canary: [codecs.encode(canary, "rot13").encode()],
    "hex": lambda canary: [canary.encode().hex().encode()],
    "hex, spaced": lambda canary: [canary.encode().hex(" ").encode()],
    "base64": _shifted(base64.b64encode, 3, 4),
    "base64url": _shifted(base64.urlsafe_b64encode, 3, 4),
    "base32": _shifted(base64.b32encode, 5, 8),
    "base85": _shifted(base64.b85encode, 4, 5),
    "ascii85": _shifted(base64.a85encode, 4, 5),
    "uuencoded": _shifted(lambda text: binascii.b2a_uu(text[:45])[1:-1], 3, 4),
    "url": lambda canary: [quote(canary, safe="").encode(), quote_plus(canary).encode()],
    "url, every sign": lambda canary: ["".join(f"%{byte:02x}" for byte in canary.encode()).encode()],
    "quoted-printable": lambda canary: [
        quopri.encodestring(canary.encode()),
        quopri.encodestring(canary.encode(), True),
    ],
    "json": lambda canary: [json.dumps(canary)[1:-1].encode()],
    "json, every sign": _each("\\u{:04x}"),
    "html": lambda canary: [html.escape(canary).encode(), canary.encode("ascii", "xmlcharrefreplace")],
    "html, every sign": _each("&#{};"),
    "html, every sign in hex": _each("&#x{:x};"),
    "octal escapes": _each("\\{:03o}"),
    "hex escapes": _each("\\x{:02x}"),
    "spelt": lambda canary: [" ".join(canary).encode()],
    "digest": _digests,
    "address": _address_forms,
}

# These are undone in what is looked into, at any place in it, before the others are looked for.
PACKED: Mapping[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "gzip": (b"\x1f\x8b\x08", lambda packed: zlib.decompressobj(31).decompress(packed)),
    "zlib": (b"\x78", lambda packed: zlib.decompressobj().decompress(packed)),
    "lz4": (b"\x04\x22\x4d\x18", lambda packed: bytes(cramjam.lz4.decompress(packed))),
    "zstd": (b"\x28\xb5\x2f\xfd", lambda packed: bytes(cramjam.zstd.decompress(packed))),
    "xz": (b"\xfd7zXZ\0", lambda packed: lzma.LZMADecompressor().decompress(packed)),
    "bzip2": (b"BZh", lambda packed: bz2.BZ2Decompressor().decompress(packed)),
}


class Scanner:
    """Finds canaries, by name, in any bytes."""

    def __init__(self, canaries: Mapping[str, str]) -> None:
        # By their first bytes, so that one pass over the text looks for all of them.
        self._by_start: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        for name, canary in canaries.items():
            for needle in {needle.lower() for needles in ENCODINGS.values() for needle in needles(canary)}:
                if len(needle) >= SHORTEST:
                    self._by_start[needle[:SHORTEST]].append((needle, name))

    def names_in(self, content: bytes) -> set[str]:
        """The canaries that are in there, in whatever form."""
        return {name for view in views(content) for name in self._names_in(view.lower())}

    def _names_in(self, view: bytes) -> Iterator[str]:
        for at in range(len(view) - SHORTEST + 1):
            for needle, name in self._by_start.get(view[at : at + SHORTEST], ()):
                if view.startswith(needle, at):
                    yield name


def views(content: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """The content, and what is packed or written as base64 within it."""
    yield content
    if depth == 0:
        return
    for inner in _unpacked(content):
        yield from views(inner, depth - 1)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if b"\n" in content:
        # Mail folds long lines; quoted-printable says so by a sign at their ends.
        yield re.sub(rb"=?\r?\n", b"", content)
    for run in BASE64.findall(content):
        yield base64.urlsafe_b64decode(run.translate(bytes.maketrans(b"+/", b"-_"))[: len(run) // 4 * 4])
    for magic, unpack in PACKED.values():
        for found in re.finditer(re.escape(magic), content):
            try:
                yield unpack(content[found.start() :])
            except (zlib.error, lzma.LZMAError, OSError, cramjam.DecompressionError):
                continue
