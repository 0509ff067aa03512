"""While leaks stand at every point of their lives, what people gave us can be read nowhere but in mailboxes."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from shared.events.topics import TOPICS
from tests.canaries.places import SERVERS, Places
from tests.canaries.scanner import Mark, Scanner
from tests.e2e import planting
from tests.e2e.crowd import TELLERS, Crowd, nothing_more_came
from tests.e2e.doors import Doors, found

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

RECEIPT = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){6}")
# A leak expires a day after it was sent, nobody cancels one whose letter stands ready, and nothing goes wrong here, so
# nothing is in these.
EMPTY = {"leak.expired.v1", "leak.stopped.v1"} | {name for name in TOPICS if ".dead." in name}
STORES = {
    *(
        f"the services' server: {name}"
        for name in ("gateway-status.leak_events", "verifier.pending", "moderation.cases")
    ),
    *(f"the services' server: {name}" for name in ("moderation.reports", "mailer-letters.mails", "local.oplog.rs")),
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
    names = {text: name for name, text in crowd.secrets().items()}
    scanner, seen, told = Scanner(map(mark, names)), set(), []
    for where, content in places(doors).pieces():
        seen.add(where)
        told += [f"{names[hit.mark.text]} in {where} ({hit.encoding})" for hit in scanner.hits(where, content)]
    assert told == []
    assert seen >= STORES, "a store without documents proves nothing"
    # The scanner sees what is there: the same canaries, where they may be.
    mails = b"\n".join(mail for _, mail in places(doors).mails())
    who = TELLERS["delivered"]
    assert {hit.mark.text for hit in scanner.hits("mailbox", mails)} >= {who.recipient, who.message, who.sender}


def mark(text: str) -> Mark:
    """What it is tells how it could be hidden."""
    if RECEIPT.fullmatch(text):
        return Mark("receipt", text, random=True)
    try:
        ip_address(text)
    except ValueError:
        return Mark(text, text)
    return Mark("address", text)


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
        (tmp_path / "careless.log").write_bytes(planting.CANARY)
        with planting.planted_metrics() as metrics:
            yield Places(parts, [tmp_path], [metrics])
    finally:
        planting.take_away(parts, SERVERS.values())


def test_a_canary_is_found_in_every_kind_of_place(planted: Places) -> None:
    scanner = Scanner([Mark("planted", planting.CANARY.decode())])
    seen = {where for where, content in planted.pieces() if scanner.hits(where, content)}
    assert [kind for kind in KINDS if not any(kind in where for where in seen)] == []


KINDS = (
    *(f"topic planted-{part} {part}" for part in ("key", "value", "header")),
    *(f"{server}: planted.documents" for server in SERVERS),
    "log careless.log",
    "metrics",
)
