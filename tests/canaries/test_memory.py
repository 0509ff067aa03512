"""Thirty seconds after its last use, nothing of a leak is in the memory of any service: what each holds, is read."""

import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.canaries.client import ask_form
from tests.canaries.lives import Lives
from tests.canaries.people import FATES, Canary, marks, people
from tests.canaries.scanner import Hit, Scanner, as_found
from tests.canaries.strays import refused_requests
from tests.canaries.world import World
from tests.support import memory

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(memory.forbidden()), reason=str(memory.forbidden())),
]

LINGERS_S = 30
ROUNDS = 5
DUMPS = 20
CLEAR = frozenset({"address", "agent", "claimed address", "details", "message", "recipient", "sender"})
"""What nobody may read, an IP address as text. Ids, tokens and domains aren't in it, nor is what is sealed."""


def typed(one: Canary) -> dict[str, str]:
    """What its sender wrote into the page's form."""
    return {name: text for name, text in one.leak().items() if isinstance(text, str)}


def held(world: World, canaries: list[Canary]) -> Iterator[tuple[str, list[Hit]]]:
    """Service → what its memory holds of these people's addresses and words."""
    # Apart by how they begin, since what all of a kind share is looked for first.
    clear = (replace(mark, kind=f"{mark.kind} {mark.text[:4]}") for mark in marks(canaries) if mark.kind in CLEAR)
    scanner = Scanner(clear)
    for service, process in world.running.items():
        if service != "mailbox":
            found = {hit for piece in memory.pieces(process.pid) for hit in scanner.hits(service, piece, usual=True)}
            yield service, sorted(found, key=str)


def test_thirty_seconds_after_its_last_use_nothing_of_a_leak_is_in_memory(alive: World) -> None:
    rounds: list[tuple[Lives, float]] = []
    for _ in range(ROUNDS):
        lives = Lives(alive, people(len(FATES)))
        lives.live()
        for one in lives.canaries[:2]:
            lives.answers += refused_requests(lives, one)
            # Shown again with what was typed, since its box isn't ticked.
            ask_form(alive.gateway, "/leaks", typed(one), **lives.whence(one))
        rounds.append((lives, time.monotonic()))
    dumps: list[tuple[str, list[Hit]]] = []
    for lives, used_at in rounds:
        # The time itself is what is measured; others may still be in use meanwhile.
        time.sleep(max(0, used_at + LINGERS_S - time.monotonic()))
        dumps += held(alive, lives.canaries)
    hits = [hit for _, found in dumps for hit in found]
    assert hits == [], as_found(hits)
    assert len(dumps) >= DUMPS


def test_what_a_service_holds_is_found(alive: World) -> None:
    [one] = people(1)
    connection = http.client.HTTPConnection(*alive.gateway)
    # More is announced than comes, so that it waits for the rest.
    connection.putrequest("POST", "/v1/leaks")
    for name, value in {"content-type": "application/json", "content-length": "9999"}.items():
        connection.putheader(name, value)
    connection.endheaders(json.dumps(one.leak()).encode())
    found = dict(held(alive, [one]))
    connection.close()
    assert {hit.mark.text for hit in found.pop("gateway-accept")} == {one.sender, one.recipient, one.word}
    assert not any(found.values())
