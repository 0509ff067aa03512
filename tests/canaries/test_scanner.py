"""The scanner sees what it must: every encoding, alone and in the middle of something else, and nothing by chance."""

import base64
import gzip
import hashlib
import ipaddress
import json
import os
import secrets

import pytest

from tests.canaries.encodings import ENCODINGS, HASHES
from tests.canaries.scanner import Mark, Scanner

MARKS = [
    *(Mark("sender", f"zqsender-{secrets.token_hex(4)}@ones.example.org") for _ in range(40)),
    *(Mark("message", f"zqwordmark{secrets.token_hex(5)}") for _ in range(40)),
    *(Mark("address", f"127.213.{100 + number}.{200 + number}") for number in range(40)),
    *(Mark("address", f"2001:db8:7a51:{secrets.token_hex(2)}::{secrets.token_hex(2)}") for _ in range(40)),
]
SCANNER = Scanner(MARKS)
CHOSEN = [MARKS[3], MARKS[44], MARKS[85], MARKS[126]]
BLOCKS = {
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base32": base64.b32encode,
    "Ascii85": base64.a85encode,
    "base85": base64.b85encode,
    "base64 twice": lambda raw: base64.b64encode(base64.b64encode(raw)),
    "base64 of hexadecimal": lambda raw: base64.b64encode(raw.hex().encode()),
    "hexadecimal of base64": lambda raw: base64.b64encode(raw).hex().encode(),
}


def _found(data: bytes) -> set[Mark]:
    return {hit.mark for hit in SCANNER.hits("here", data)}


def test_at_least_twenty_encodings_are_looked_for() -> None:
    assert len(ENCODINGS) >= 20
    assert len(SCANNER.encodings()) >= 60


@pytest.mark.parametrize("encoding", sorted(ENCODINGS.keys() - BLOCKS.keys()))
@pytest.mark.parametrize("mark", CHOSEN, ids=lambda mark: mark.kind)
def test_a_mark_is_found_in_every_encoding_by_character(mark: Mark, encoding: str) -> None:
    for needle in ENCODINGS[encoding](mark.text):
        assert mark in _found(b'{"x": "' + os.urandom(50) + needle + b'"}'), encoding


@pytest.mark.parametrize("encoding", sorted(BLOCKS))
@pytest.mark.parametrize("mark", CHOSEN, ids=lambda mark: mark.kind)
@pytest.mark.parametrize("before", range(6))
def test_a_mark_is_found_in_every_encoding_by_block_wherever_it_stands(before: int, mark: Mark, encoding: str) -> None:
    whole = BLOCKS[encoding](b"x" * before + mark.text.encode() + b"and more of the text")
    assert mark in _found(b'{"x": "' + whole + b'"}')


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("mark", CHOSEN, ids=lambda mark: mark.kind)
def test_a_mark_is_found_by_each_digest_that_has_no_key(mark: Mark, name: str) -> None:
    digest = hashlib.new(name, mark.text.encode()).digest()
    for shown in (
        digest.hex(),
        digest.hex()[:16],
        base64.b64encode(digest).decode(),
        base64.urlsafe_b64encode(digest).decode(),
    ):
        assert mark in _found(json.dumps({"who": shown}).encode())
    assert mark in _found(digest)


def test_a_token_is_found_wherever_it_stands() -> None:
    tokens = [secrets.token_urlsafe(16) for _ in range(200)]
    for token in tokens:
        mark = Mark("token", token, random=True)
        for line in (f"GET /confirm/{token} HTTP/1.1", f"/confirm/{token}?lang=en", f'{{"token":"{token}"}}', token):
            assert {hit.mark for hit in Scanner([mark]).hits("here", line.encode())} == {mark}, line


@pytest.mark.parametrize("mark", CHOSEN[2:], ids=["IPv4", "IPv6"])
def test_an_address_is_found_as_a_number_packed_and_respelled(mark: Mark) -> None:
    parsed = ipaddress.ip_address(mark.text)
    shown = (
        int(parsed),
        parsed.packed.hex(),
        base64.b64encode(parsed.packed).decode(),
        parsed.reverse_pointer,
        parsed.exploded,
        hex(int(parsed)),
        f"[{parsed}]:443",
    )
    for one in shown:
        assert mark in _found(json.dumps({"n": one}).encode()), one
    assert mark in _found(parsed.packed)


def test_a_mark_is_found_inside_what_is_compressed() -> None:
    mark = CHOSEN[0]
    packed = gzip.compress(f"many words before {mark.text}".encode())
    assert mark in _found(os.urandom(40) + packed)
    assert mark in _found(b'"' + base64.b64encode(packed) + b'"')


def test_a_part_that_all_marks_share_is_found_too() -> None:
    hits = SCANNER.hits("here", b"somebody@ones.example.org was here")
    assert {hit.mark.text for hit in hits} == {"@ones.example.org…"}


def test_random_bytes_hold_no_mark() -> None:
    noise = os.urandom(400_000)
    assert SCANNER.hits("here", noise + base64.b64encode(noise) + noise.hex().encode()) == []
