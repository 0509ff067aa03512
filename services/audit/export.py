"""The answer to an order: only the fields granted, signed, in canonical JSON, so that one changed byte is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import rfc8785

from services.audit import signatures
from services.audit.chain import Entry
from services.audit.domain import Order
from shared.seals.contents import Origin
from shared.seals.keys import Key

FORMAT: Final = "leak-answer-v1"
SIGNED: Final = b"leak answer v1\n"
NS_PER_S: Final = 1_000_000_000

Fault = Literal["not_signed_by_the_gateway", "does_not_open", "not_a_record"]


@dataclass(frozen=True)
class FaultyRecord:
    """A document that stood among the leak's origins and is none; `record` is its digest, as the log names it."""

    record: str
    fault: Fault


def answer(order: Order, opened: Entry, records: Sequence[Origin | FaultyRecord], key: Key) -> bytes:
    """The signed file. `opened` is the log's entry that came before the opening: it ties the answer to the log."""
    body: dict[str, Any] = {
        "format": FORMAT,
        "order": {
            "number": order.number,
            "authority": order.draft.authority,
            "authorised_by": order.draft.authorised_by,
            "reference": order.draft.reference,
            "ground": order.draft.ground,
            "fields_asked": list(order.draft.fields),
            "fields_granted": list(order.granted),
        },
        "leak_id": order.leak_id,
        "records": [_record(record, order.granted) for record in records],
        "opened_at": opened.at,
        "log": {"entry": opened.seq, "digest": opened.digest},
        "signing_key": key.id,
    }
    return rfc8785.dumps({"answer": body, "signature": signatures.sign(key, SIGNED + rfc8785.dumps(body))})


def granted(origin: Origin, fields: Sequence[str]) -> dict[str, Any]:
    """One record in an answer: nothing of a field that was not granted."""
    record: dict[str, Any] = {}
    for name in fields:
        record |= _PARTS_OF[name](origin)
    return record


def utc_text(nanoseconds: int) -> str:
    """RFC 3339 with all nine digits of the second; Z is UTC."""
    seconds, rest = divmod(nanoseconds, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _record(record: Origin | FaultyRecord, fields: Sequence[str]) -> dict[str, Any]:
    if isinstance(record, FaultyRecord):
        return {"record": record.record, "fault": record.fault}
    return granted(record, fields)


_PARTS_OF: Final[Mapping[str, Callable[[Origin], Mapping[str, Any]]]] = {
    "ip": lambda origin: {"ip": origin.ip, "port": origin.port, "obtained": origin.obtained},
    "time": lambda origin: {"captured_at": utc_text(int(origin.captured_at_ns)), "time_zone": "UTC"},
    "destination": lambda origin: {
        "destination_ip": origin.destination_ip,
        "destination_port": origin.destination_port,
    },
    "claimed_ip": lambda origin: {"claimed_ip": origin.claimed_ip},
    "sender": lambda origin: {"sender_email_address": origin.sender},
    "content_digest": lambda origin: {"content_sha256": origin.content_digest},
}
