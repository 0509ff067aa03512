"""Sixty forged requests, end to end: what audit opens is the true peer, its address and its port."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import pytest
from pydantic import ValidationError

from local.stack import RealParts
from services.audit.opening import OriginOpener
from services.audit.store.values import StoredOrigin
from shared.events.origins import OriginCaptured
from shared.runtime.clock import utc_now
from shared.seals.keys import key_file, keyring_file
from tests.canaries.client import Answer, ask
from tests.canaries.people import TRUSTED_PROXY, people
from tests.canaries.world import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

Headers = list[tuple[str, str]]


class Peer(NamedTuple):
    """Who called, and who says so."""

    address: str
    port: int | None
    obtained: str


Cases = dict[str, tuple[str, Peer]]
"""By leak_id: what was forged, and who it truly was."""
LIE, OTHER_LIE = "198.51.100.77", "2001:db8:bad::1"
NAMES = (
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "client-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "fastly-client-ip",
    "x-envoy-external-address",
    "x-remote-addr",
)
# A stranger's request: whatever it says, the socket tells.
STRANGERS: tuple[Headers, ...] = (
    *([(name, f"for={LIE}" if name == "forwarded" else LIE)] for name in NAMES),
    [("x-forwarded-for", f"{LIE}, {TRUSTED_PROXY}")],
    [("x-forwarded-for", TRUSTED_PROXY)],
    [("x-forwarded-for", LIE), ("x-forwarded-for", OTHER_LIE)],
    [("X-FORWARDED-FOR", LIE)],
    [("x-forwarded-for", f"{LIE}:4711")],
    [("x-forwarded-for", f"[{OTHER_LIE}]:4711")],
    [("forwarded", f'for="[{OTHER_LIE}]:4711";by={TRUSTED_PROXY}')],
    [("x-forwarded-for", "unknown")],
    [("x-forwarded-for", "127.0.0.1")],
    [("x-forwarded-for", "")],
    [("leak-client-address", LIE)],
    [("x-forwarded-port", "4711"), ("x-forwarded-for", LIE)],
)
# By our proxy: only what it wrote itself, on the right, counts. {} is the true client.
BY_PROXY = (
    "{}",
    "198.51.100.77, {}",
    "198.51.100.77,{}",
    "198.51.100.77, 203.0.113.9, {}",
    "127.0.0.9, {}",
    "127.0.0.9,127.0.0.9,{}",
    "nonsense, {}",
    '"198.51.100.77, {}',
    "unknown, {}",
    ", {}",
    "198.51.100.77:99999, {}",
    "[2001:db8:bad::1, {}",
    "2001:db8:bad::1, {}",
    "::1, {}",
    "0.0.0.0, {}",
    "{}, 127.0.0.9",
    "198.51.100.77, {}, 127.0.0.9",
    "\t{}",
)
FORWARDED = (
    "for={}",
    "for=198.51.100.77, for={}",
    "for=198.51.100.77,for={}",
    'for="198.51.100.77:1";proto=http, for={}',
    "for=unknown, for={}",
    "for=_hidden, for={}",
    'for="[2001:db8:bad::1]:4711", for={}',
    "for={};proto=https",
    "proto=https;for={}",
    "by=198.51.100.77;for={}",
    "for=127.0.0.9, for={}",
    'for="198.51.100.77, for={}',
    "host=198.51.100.77, for={}",
    "For={}",
    "for={}, for=127.0.0.9",
    "for=198.51.100.77;for=203.0.113.9, for={}",
    "nonsense, for={}",
    "for=198.51.100.77, for={};host=leak.example",
)


def test_there_are_sixty_cases() -> None:
    assert len(STRANGERS) + len(BY_PROXY) + len(FORWARDED) == 60


def test_a_stranger_is_recorded_as_the_socket_knows_it(alive: World) -> None:
    cases = {}
    for number, forged in enumerate(STRANGERS):
        answer = _send(alive, f"127.77.{number}.3", forged)
        cases[answer.json()["leak_id"]] = (str(forged), Peer(answer.address, answer.port, "socket"))
    assert _wrong(alive.parts, cases) == []


@pytest.mark.parametrize(("header", "lines"), [("x-forwarded-for", BY_PROXY), ("forwarded", FORWARDED)])
def test_behind_our_proxy_its_own_word_is_recorded(alive: World, header: str, lines: tuple[str, ...]) -> None:
    if header == "x-forwarded-for":
        assert _wrong(alive.parts, _behind_proxy(alive, header, lines)) == []
        return
    with alive.otherwise({}, trusted_header=header):
        assert _wrong(alive.parts, _behind_proxy(alive, header, lines)) == []


def _behind_proxy(alive: World, header: str, lines: Iterable[str]) -> Cases:
    cases = {}
    for number, line in enumerate(lines):
        address, port = f"2001:db8:7::{number + 1:x}", None
        node = f"[{address}]"
        if number % 2:
            address, port = f"203.0.113.{number + 1}", 40_000 + number
            node = f"{address}:{port}"
        written = f'"{node}"' if header == "forwarded" else node
        # The other header of the two is the client's own, passed on untouched.
        other = ("forwarded", f"for={LIE}") if header == "x-forwarded-for" else ("x-forwarded-for", LIE)
        answer = _send(alive, TRUSTED_PROXY, [(header, line.format(written)), other])
        cases[answer.json()["leak_id"]] = (line, Peer(address, port, f"proxy:{TRUSTED_PROXY}"))
    return cases


def _send(alive: World, from_: str, forged: Headers) -> Answer:
    (one,) = people(1)
    headers = [("content-type", "application/json"), *forged]
    answer = ask(alive.gateway, "POST", "/v1/leaks", json.dumps(one.leak()).encode(), from_=from_, headers=headers)
    assert answer.status == 202, (forged, answer.body)
    return answer


def _wrong(parts: RealParts, cases: Cases) -> list[tuple[str, Peer]]:
    """The cases whose record tells another peer; opened with audit's own code and key."""
    secrets, now = parts.secrets("audit"), utc_now()
    opener = OriginOpener(key_file(secrets / "opening.json"), keyring_file(secrets / "keyring.json"))
    found = {}
    for _, value, _ in parts.read("origin.captured.v1"):
        with suppress(ValidationError):
            captured = OriginCaptured.model_validate_json(value or b"")
            if captured.leak_id in cases:
                origin = opener.open(StoredOrigin(**dict(captured), stored_at=now, ends_at=now, expires_at=now))
                found[captured.leak_id] = Peer(origin.ip, origin.port, origin.obtained)
    return [(case, found[leak_id]) for leak_id, (case, true) in cases.items() if found[leak_id] != true]
