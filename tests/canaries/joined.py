"""What the scan for marks doesn't answer: does anything join both mails of a leak, and does the scan see at all."""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from pymongo import MongoClient

from shared.events.topics import TOPICS
from tests.canaries.lives import Lives, until
from tests.canaries.looking import whose
from tests.canaries.people import marks
from tests.canaries.places import SERVERS
from tests.canaries.scanner import Mark, Scanner

# Long enough to be an id; what is in every mail or record is ours and the same for all.
_ID = re.compile(rb"[A-Za-z0-9_-]{16,}")
CHALLENGE = "sender.challenged.v1"
SEALED = re.compile(rb"lk1\.[A-Za-z0-9_.-]+")


def seen(lives: Lives) -> set[tuple[str, str]]:
    """(where, kind) of everything that is found in mails and on moderators' pages, allowed or not."""
    scanner = Scanner(marks(lives.canaries))
    pieces = [(whose(to, lives.canaries)[0], data) for to, data in lives.world.places.mails()]
    pieces += [piece for piece in lives.answers if piece[0] == "moderators' page"]
    return {(where, hit.mark.kind) for where, data in pieces for hit in scanner.hits(where, data)}


def in_mails(lives: Lives) -> set[bytes]:
    """Identifiers that occur in mails to senders and in mails to recipients, but not in all mails."""
    to_senders, to_recipients, mails = set[bytes](), set[bytes](), []
    for to, data in lives.world.places.mails():
        where, _ = whose(to, lives.canaries)
        found = set(_ID.findall(data))
        mails.append(found)
        (to_senders if where == "mail to a sender" else to_recipients).update(found)
    assert to_senders
    assert to_recipients
    return (to_senders & to_recipients) - _common(mails)


def in_topics(lives: Lives) -> set[bytes]:
    """Identifiers of a challenge, its trace included, that any record about a leak has as well."""
    challenge, others = set[bytes](), set[bytes]()
    for topic in TOPICS:
        if topic.endswith(".dead.v1"):
            continue
        for key, value, headers in lives.world.parts.read(topic):
            told = b"\n".join([key or b"", SEALED.sub(b"", value or b""), *_ids_of(headers)])
            (challenge if topic == CHALLENGE else others).update(_ID.findall(told))
    assert challenge
    return {one for one in challenge & others if not one.isalpha() and b"_" not in one} - set(_ID.findall(_constants()))


def _ids_of(headers: dict[str, Any]) -> Iterable[bytes]:
    # Each part of a traceparent by itself: the trace's id joins, whatever its spans are.
    yield from (part for name, value in headers.items() if name != "ce_time" for part in (value or b"").split(b"-"))


def _constants() -> bytes:
    return b"\n".join(TOPICS[name].name.encode() for name in TOPICS)


def _common(mails: list[set[bytes]]) -> set[bytes]:
    """Stationery: what more than two mails have, since a leak has two."""
    counts: dict[bytes, int] = {}
    for found in mails:
        for one in found:
            counts[one] = counts.get(one, 0) + 1
    return {one for one, count in counts.items() if count > 2}


def planted_in_files(lives: Lives) -> set[str]:
    """The servers on whose disk a document is found that was inserted, overwritten and deleted."""
    found = set()
    for server, service in SERVERS.items():
        mark = Mark("control", f"zqcontrol{secrets.token_hex(6)}")
        with MongoClient[dict[str, Any]](**lives.world.parts.mongo_admin(service)) as client:
            control = client["control"]["control"]
            control.insert_one({"_id": 1, "who": mark.text})
            control.delete_one({"_id": 1})
        scanner = Scanner([mark])
        on_disk = lives.world.places.files
        if until(lambda: any(scanner.hits(*piece, usual=True) for piece in on_disk()), server):  # noqa: B023  # asked at once
            found.add(server)
    return found
