"""Every place where a careless program would leave something: topics, databases, logs, metrics."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
import httpx
from bson import json_util
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from pymongo import MongoClient

from local.kafka import ADMIN
from tests.stack import RealParts

Piece = tuple[str, bytes]
"""Where it was, what was there."""
# One login reaches every database of its server; the second server is audit's alone.
SERVERS = {"the services' server": "gateway", "audit's server": "audit"}
READ_S = 60


@dataclass(frozen=True)
class Places:
    """All of them; `metrics` are addresses, `logs` are folders."""

    parts: RealParts
    logs: Iterable[Path]
    metrics: Iterable[str]

    def pieces(self) -> Iterator[Piece]:
        """Everything, read with the administrators' rights."""
        yield from self.records()
        yield from self.documents()
        for folder in self.logs:
            for log in sorted(folder.rglob("*.log*")):
                yield f"log {log.name}", log.read_bytes()
        for address in self.metrics:
            yield f"metrics {address}", httpx.get(address, trust_env=False).content

    def records(self) -> Iterator[Piece]:
        """Every record of every topic, Kafka's own included, from its start: key, value, headers."""
        login = self.parts.librdkafka_login(ADMIN)
        settings = {"group.id": "places", "enable.auto.commit": False, "enable.partition.eof": True}
        consumer = Consumer({**login, **settings, "fetch.wait.max.ms": 10})
        topics = consumer.list_topics(timeout=READ_S).topics.items()
        partitions = [TopicPartition(name, n, OFFSET_BEGINNING) for name, topic in topics for n in topic.partitions]
        try:
            consumer.assign(partitions)
            unread = len(partitions)
            while unread:
                record = consumer.poll(READ_S)
                assert record is not None, "the topics can't be read to their ends"
                if record.error():
                    unread -= 1
                else:
                    yield from _parts_of(record)
        finally:
            consumer.close()

    def documents(self) -> Iterator[Piece]:
        """Every document of every database on both servers, their own logs included."""
        for server, service in SERVERS.items():
            with MongoClient[dict[str, Any]](**self.parts.mongo_admin(service)) as client:
                for database in client.list_database_names():
                    for name in client[database].list_collection_names():
                        for document in client[database][name].find():
                            where = f"{server}: {database}.{name}"
                            yield where, bson.encode(document) + json_util.dumps(document).encode()


def _parts_of(record: Message) -> Iterator[Piece]:
    topic = record.topic()
    yield f"topic {topic} key", record.key() or b""
    yield f"topic {topic} value", record.value() or b""
    for name, value in record.headers() or ():
        yield f"topic {topic} header", name.encode() + b": " + (value or b"")
