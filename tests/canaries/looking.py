"""Looks for the marks of all canaries in every place, and keeps what the table doesn't allow."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

from tests.canaries.allowed import is_allowed
from tests.canaries.lives import Lives
from tests.canaries.people import Canary, marks
from tests.canaries.places import Piece
from tests.canaries.scanner import Hit, Scanner

# Many small pieces of one place are looked through together.
TOGETHER = 1 << 20


def leaks(lives: Lives, *, files: bool = False) -> list[Hit]:
    """Every hit that is not allowed: topics, databases, logs, metrics, answers, mails, and files if asked for."""
    scanner = Scanner(marks(lives.canaries))
    places = lives.world.places
    pieces = chain(_together(places.pieces()), _together(lives.answers))
    found = {hit for where, data in pieces for hit in scanner.hits(where, data)}
    if files:
        # Clients read the same records and documents above, in every encoding.
        found |= {hit for where, data in places.files() for hit in scanner.hits(where, data, usual=True)}
    bad = {hit for hit in found if not is_allowed(hit)}
    for to, data in places.mails():
        where, owner = whose(to, lives.canaries)
        bad |= {hit for hit in scanner.hits(where, data) if not is_allowed(hit, owner)}
    return sorted(bad, key=lambda hit: (hit.where, hit.mark.kind, hit.encoding, hit.mark.text))


def whose(to: str, canaries: list[Canary]) -> tuple[str, int | None]:
    """Which kind of mail it is by whom it is to, and who that is."""
    for one in canaries:
        if to == one.sender:
            return "mail to a sender", one.number
        if to == one.recipient:
            return "mail to a recipient", one.number
    return "mail to nobody we know", None


def _together(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces of the same place in one, as long as they are small; each stays apart by a line end."""
    waiting: dict[str, list[bytes]] = defaultdict(list)
    sizes: dict[str, int] = defaultdict(int)
    for where, data in pieces:
        waiting[where].append(data)
        sizes[where] += len(data)
        if sizes[where] > TOGETHER:
            yield where, b"\n".join(waiting.pop(where))
            sizes[where] = 0
    yield from ((where, b"\n".join(parts)) for where, parts in waiting.items())
