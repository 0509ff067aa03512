"""How a text could be hidden: each encoding gives the bytes that betray it, wherever in a longer text it stood."""

import base64
import binascii
import codecs
import hashlib
import ipaddress
import urllib.parse
import zlib
from collections.abc import Callable, Mapping

Needles = list[bytes]
Encoding = Callable[[str], Needles]


def _aligned(encode: Callable[[bytes], bytes], group: int, symbols: int) -> Callable[[bytes], Needles]:
    """A block encoding at each of its alignments, without the symbols that the neighbours have a part in."""

    def needles(raw: bytes) -> Needles:
        found = []
        for before in range(group):
            whole = encode(bytes(before) + raw)
            first = -(-before // group) * symbols
            last = (before + len(raw)) // group * symbols
            found.append(whole[first:last])
        return found

    return needles


_base64 = _aligned(base64.b64encode, 3, 4)
_base64url = _aligned(base64.urlsafe_b64encode, 3, 4)
_base32 = _aligned(base64.b32encode, 5, 8)
_ascii85 = _aligned(base64.a85encode, 4, 5)
_base85 = _aligned(base64.b85encode, 4, 5)
_uuencoded = _aligned(lambda raw: binascii.b2a_uu(raw[:45])[1:].rstrip(b"\n"), 3, 4)


def _each(form: str) -> Encoding:
    """Every character by itself, as a format string writes its number."""
    return lambda text: ["".join(form.format(ord(character)) for character in text).encode()]


def _in_both_cases(encode: Encoding) -> Encoding:
    return lambda text: [needle for found in encode(text) for needle in (found, found.upper())]


ENCODINGS: Mapping[str, Encoding] = {
    "plain": lambda text: [text.encode()],
    "upper case": lambda text: [text.upper().encode()],
    "title case": lambda text: [text.title().encode()],
    "UTF-16": lambda text: [text.encode("utf-16-le"), text.encode("utf-16-be")],
    "UTF-32": lambda text: [text.encode("utf-32-le"), text.encode("utf-32-be")],
    "hexadecimal": _in_both_cases(_each("{:02x}")),
    "hexadecimal with colons": _in_both_cases(lambda text: [text.encode().hex(":").encode()]),
    "hexadecimal with blanks": _in_both_cases(lambda text: [text.encode().hex(" ").encode()]),
    "base64": lambda text: _base64(text.encode()),
    "base64url": lambda text: _base64url(text.encode()),
    "base32": lambda text: [needle for found in _base32(text.encode()) for needle in (found, found.lower())],
    "Ascii85": lambda text: _ascii85(text.encode()),
    "base85": lambda text: _base85(text.encode()),
    "URL, reserved characters": lambda text: [urllib.parse.quote(text, safe="").encode()],
    "URL, every character": _in_both_cases(_each("%{:02x}")),
    "URL twice": lambda text: [urllib.parse.quote(urllib.parse.quote(text, safe=""), safe="").encode()],
    "quoted-printable": _in_both_cases(_each("={:02x}")),
    "JSON escapes": _in_both_cases(_each("\\u{:04x}")),
    "hexadecimal escapes": _in_both_cases(_each("\\x{:02x}")),
    "octal escapes": _each("\\{:03o}"),
    "HTML decimal": _each("&#{};"),
    "HTML hexadecimal": _in_both_cases(_each("&#x{:x};")),
    "numbers in a list": lambda text: [
        ", ".join(map(str, text.encode())).encode(),
        ",".join(map(str, text.encode())).encode(),
    ],
    "UTF-7": lambda text: [text.encode("utf-7")],
    "uuencoded": lambda text: _uuencoded(text.encode()),
    "spelt": lambda text: [" ".join(text).encode()],
    "ROT13": lambda text: [codecs.encode(text, "rot13").encode()],
    "backwards": lambda text: [text[::-1].encode()],
    "base64 twice": lambda text: [outer for inner in _base64(text.encode()) for outer in _base64(inner)],
    "base64 of hexadecimal": lambda text: _base64(text.encode().hex().encode()),
    "hexadecimal of base64": lambda text: [inner.hex().encode() for inner in _base64(text.encode())],
}
"""What can be found at any place in a longer text, by a part that many marks share."""

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")


def digests(raw: bytes) -> dict[str, bytes]:
    """Name → digest: without a key, anyone who guesses the value can check the guess."""
    return {name: hashlib.new(name, raw).digest() for name in HASHES} | {"crc and adler": _checksums(raw)}


def _checksums(raw: bytes) -> bytes:
    return zlib.crc32(raw).to_bytes(4, "big") + zlib.adler32(raw).to_bytes(4, "big")


def texts_of_address(address: str) -> dict[str, str]:
    """Name → another spelling of an IP address, or of the network that it is in."""
    parsed = ipaddress.ip_address(address)
    found = {"as written": address, "for reverse look-up": parsed.reverse_pointer.rpartition(".")[0].rpartition(".")[0]}
    if isinstance(parsed, ipaddress.IPv6Address):
        network = str(ipaddress.IPv6Network((parsed, 64), strict=False).network_address)
        return found | {
            "in full": parsed.exploded,
            "with dashes": address.replace(":", "-"),
            "its network": network.rstrip(":"),
        }
    octets = address.split(".")
    mapped = parsed.packed.hex()
    return found | {
        "its network": ".".join(octets[:3]) + ".",
        "with dashes": "-".join(octets),
        "in IPv6": f"::ffff:{mapped[:4]}:{mapped[4:]}",
        "octal": ".".join(f"{int(octet):04o}" for octet in octets),
        "hexadecimal octets": ".".join(f"{int(octet):02x}" for octet in octets),
    }
