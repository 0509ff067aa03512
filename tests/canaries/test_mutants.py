"""Each scrubber and each seal switched off in turn: the scan finds what it then lets through."""

import pytest

from tests.canaries import joined
from tests.canaries.lives import Lives, until
from tests.canaries.looking import leaks
from tests.canaries.mutants import FAULTS, HARMLESS, Fault
from tests.canaries.people import Fate, people
from tests.canaries.scanner import Hit, as_found
from tests.canaries.strays import poison, refused_requests
from tests.canaries.world import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

# Faults that leave each other's traces alone, and the life in which they show, are planted together.
AT_THE_DOOR = ("origin in clear", "sender in clear", "recipient in clear", "message in clear", "edge strips nothing")
IN_THE_CHALLENGE = ("challenge in clear",)
ON_THE_WAY = tuple(name for name in FAULTS if name not in AT_THE_DOOR + IN_THE_CHALLENGE)
FATES: tuple[Fate, ...] = ("delivered", "reported", "escalated", "rejected")


def planted(names: tuple[str, ...]) -> dict[str, str]:
    """Service → its faults, as the runner takes them."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault((FAULTS | HARMLESS)[name].service, []).append(name)
    return {service: ",".join(each) for service, each in found.items()}


def missed(names: tuple[str, ...], hits: list[Hit]) -> list[str]:
    """The faults that left no trace among these hits."""
    return [name for name in names if not any(_shows(FAULTS[name], hit) for hit in hits)]


def _shows(fault: Fault, hit: Hit) -> bool:
    return hit.where.startswith(fault.where) and hit.mark.kind == fault.kind and hit.encoding.startswith(fault.encoding)


def _all_found(lives: Lives, names: tuple[str, ...]) -> bool:
    found = leaks(lives)
    return missed(names, found) == []


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(AT_THE_DOOR, id="at the door"),
        pytest.param(IN_THE_CHALLENGE, id="in the challenge", marks=pytest.mark.long),
    ],
)
def test_a_seal_that_is_missing_and_an_edge_that_strips_nothing_are_found(alive: World, names: tuple[str, ...]) -> None:
    with alive.otherwise(planted(names)):
        lives = Lives(alive, people(4))
        for one in lives.canaries:
            lives.send(one)
        until(lambda: _all_found(lives, names), "every fault is found")


@pytest.mark.long
def test_everything_else_that_can_be_switched_off_is_found(alive: World) -> None:
    names = tuple(name for name in ON_THE_WAY if FAULTS[name].where != "joined")
    with alive.otherwise(planted(ON_THE_WAY)):
        lives = Lives(alive, people(len(FATES) * 2, FATES))
        lives.live()
        poison(lives)
        lives.answers += refused_requests(lives, lives.canaries[0])
        try:
            until(lambda: _all_found(lives, names), "every fault is found")
        except AssertionError:
            assert missed(names, leaks(lives)) == []
        assert joined.in_topics(lives) != set()


@pytest.mark.long
def test_the_same_careless_lines_show_nothing_while_the_scrubbers_are_on(alive: World) -> None:
    with alive.otherwise(planted(tuple(HARMLESS))):
        lives = Lives(alive, people(4, ("delivered",)))
        lives.live()
        # Receipts and tokens are no origin: the code further in needs them, so the edge leaves them to it.
        hits = [hit for hit in leaks(lives) if hit.mark.kind not in ("receipt", "token")]
        assert hits == [], as_found(hits)
