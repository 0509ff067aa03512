"""Origins from Kafka into audit's database, against raw unordered bulk inserts of the same documents there."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pymongo import MongoClient

from bench import seals
from bench.measure import Figures, ratios, spread
from bench.traffic import publish
from local.groups import lag
from local.stack import RealParts
from local.until import until
from shared.events.origins import OriginCaptured
from shared.events.topics import TOPICS

BATCH = 500


def run(parts: RealParts, *, long: bool) -> Figures:
    """The ratio of the two rates."""
    count, rounds = (50_000, 5) if long else (10_000, 3)
    ours, raw = [], []
    with MongoClient[dict[str, Any]](**parts.mongo_admin("audit")) as client:
        client["bench"]["raw"].create_index("expires_at")
        for _ in range(rounds):
            parts.empty()
            captured = seals.origins(parts, count)
            raw.append(_insert_raw(client, captured))
            ours.append(_ingest(parts, captured))
        client.drop_database("bench")
    rates = {"origins_a_second": spread(ours), "raw_inserts_a_second": spread(raw)}
    return {"aim": 0.7, "ratio": ratios(ours, raw), **rates}


def _insert_raw(client: MongoClient[dict[str, Any]], captured: Sequence[OriginCaptured]) -> float:
    collection = client["bench"]["raw"]
    collection.delete_many({})
    documents = [
        {
            "_id": one.leak_id,
            "captured_at": one.captured_at,
            "expires_at": one.captured_at + timedelta(days=365),
            "sealed_origin": one.sealed_origin,
            "proof": one.proof.model_dump(mode="json"),
        }
        for one in captured
    ]
    began = time.perf_counter()
    for at in range(0, len(documents), BATCH):
        collection.insert_many(documents[at : at + BATCH], ordered=False)
    return len(documents) / (time.perf_counter() - began)


def _ingest(parts: RealParts, captured: Sequence[OriginCaptured]) -> float:
    """From the first batch that is handled to the last, so that starting the service does not count."""
    asyncio.run(publish(parts, "gateway-accept", captured))
    audit = parts.start("audit")
    seen: list[tuple[float, int]] = []

    def all_handled() -> bool:
        # Asked of Kafka: the database would read its documents to count them, while it is measured. A batch counts as
        # handled, by the delivery law, once it is in the database.
        handled = len(captured) - lag(parts.kafka_admin, "audit", TOPICS[OriginCaptured.TOPIC])
        seen.append((time.perf_counter(), handled))
        return handled == len(captured)

    until(all_handled, "every origin is in the database", audit)
    parts.stop(audit)
    began, first = next(one for one in seen if one[1])
    ended, last = seen[-1]
    return (last - first) / (ended - began)
