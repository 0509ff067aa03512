"""While leaks stand at every point of their lives, what people gave us can be read nowhere but in mailboxes."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.events.topics import TOPICS
from tests.e2e import planting
from tests.e2e.canaries import Scanner
from tests.e2e.crowd import TELLERS, Crowd, nothing_more_came
from tests.e2e.doors import Doors, found
from tests.e2e.places import SERVERS, Places

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# A leak expires a day after it was sent, and nothing goes wrong here, so nothing is in these.
EMPTY = {"leak.expired.v1"} | {name for name in TOPICS if ".dead." in name}
STORES = {
    *(f"the services' server: {name}" for name in ("gateway.leak_events", "verifier.pending", "moderation.cases")),
    *(f"the services' server: {name}" for name in ("moderation.reports", "mailer.mails", "local.oplog.rs")),
    *(f"audit's server: audit.{name}" for name in ("origins", "lives", "threats")),
}


def places(doors: Doors) -> Places:
    health = doors.endpoints["health"].values()
    pages = [f"{address}/{page}" for address in health for page in ("metrics", "health/ready", "health/live")]
    return Places(doors.parts, [doors.parts.layout.paths.logs, doors.parts.layout.paths.data], pages)


def test_no_address_and_no_word_is_in_clear_anywhere_but_in_mailboxes(doors: Doors) -> None:
    crowd = Crowd(doors)
    crowd.live()
    assert nothing_more_came(doors)
    answer = crowd.open_origin("delivered")
    assert TELLERS["delivered"].address in answer
    assert TELLERS["delivered"].sender in answer
    found(lambda: _topics_with_records(doors) >= set(TOPICS) - EMPTY, "every topic has records")
    scanner, seen, told = Scanner(crowd.secrets()), set(), []
    for where, content in places(doors).pieces():
        seen.add(where)
        told += [f"{name} in {where}" for name in scanner.names_in(content)]
    assert told == []
    assert seen >= STORES, "a store without documents proves nothing"
    # The scanner sees what is there: the same canaries, where they may be.
    mailbox = b"".join(path.read_bytes() for path in doors.parts.layout.paths.mail.iterdir())
    assert scanner.names_in(mailbox) >= {"recipient of delivered", "message of delivered", "sender of held"}


def _topics_with_records(doors: Doors) -> set[str]:
    return {where.split()[1] for where, _ in places(doors).records()}


@pytest.fixture
def planted(doors: Doors, tmp_path: Path) -> Iterator[Places]:
    """The same places with a careless program's traces in each kind, which are taken away again."""
    parts = doors.parts
    try:
        planting.plant_records(parts)
        for service in SERVERS.values():
            planting.plant_documents(parts, service)
        (tmp_path / "careless.log").write_bytes(b"\n".join(planting.contents().values()))
        with planting.planted_metrics() as metrics:
            yield Places(parts, [tmp_path], [metrics])
    finally:
        planting.take_away(parts, SERVERS.values())


def test_a_canary_is_found_in_every_kind_of_place_and_in_every_encoding(planted: Places) -> None:
    scanner = Scanner({encoding: planting.canary_of(encoding) for encoding in planting.PLANTED})
    seen = defaultdict(set)
    for where, content in planted.pieces():
        for kind in KINDS:
            if kind in where:
                seen[kind] |= scanner.names_in(content)
    missed = {kind: set(planting.PLANTED) - seen[kind] for kind in KINDS}
    assert missed == {kind: set() for kind in KINDS}


KINDS = (
    *(f"topic planted-{part} {part}" for part in ("key", "value", "header")),
    *(f"{server}: planted.documents" for server in SERVERS),
    "log careless.log",
    "metrics",
)
