"""The answer to an order: only the fields granted, signed, in canonical JSON, so that one changed byte is refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from shared.origin import Origin
from shared.sealing import key_id

from services.audit.chain import Entry
from services.audit.domain import Order
from shared.digests import to_base64url

FORMAT: Final = "leak-answer-v1"
SIGNED: Final = b"leak answer v1\n"
NS_PER_S: Final = 1_000_000_000

Told = Mapping[str, Any]


def answer(order: Order, opened: Entry, origins: Sequence[Origin], key: Ed25519PrivateKey) -> bytes:
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
        "records": [told(origin, order.granted) for origin in origins],
        "opened_at": opened.at,
        "log": {"entry": opened.seq, "digest": opened.digest},
        "signing_key": key_id(key.public_key().public_bytes_raw()),
    }
    signature = to_base64url(key.sign(SIGNED + rfc8785.dumps(body)))
    return rfc8785.dumps({"answer": body, "signature": signature})


def told(origin: Origin, fields: Sequence[str]) -> dict[str, Any]:
    """One record as an answer tells it: nothing of a field that was not granted."""
    record: dict[str, Any] = {}
    for name in fields:
        record |= _TELL[name](origin)
    return record


def utc_text(nanoseconds: int) -> str:
    """RFC 3339 with all nine digits of the second; Z is UTC."""
    seconds, rest = divmod(nanoseconds, NS_PER_S)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def _address(origin: Origin) -> Told:
    return {"ip_address": origin.address, "port": origin.port, "obtained": origin.obtained}


def _time(origin: Origin) -> Told:
    return {"captured_at": utc_text(int(origin.captured_at_ns)), "time_zone": "UTC"}


def _destination(origin: Origin) -> Told:
    return {"destination_ip_address": origin.destination_address, "destination_port": origin.destination_port}


_TELL: Final[Mapping[str, Callable[[Origin], Told]]] = {
    "address": _address,
    "time": _time,
    "destination": _destination,
    "claimed_address": lambda origin: {"claimed_ip_address": origin.claimed_address},
    "sender": lambda origin: {"sender_email_address": origin.sender},
    "content_digest": lambda origin: {"content_sha256": origin.content_digest},
}
