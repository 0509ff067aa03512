"""Every place where a careless program would leave something: topics, databases, files, logs, metrics, mails."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import bson
import httpx
from bson import json_util
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from local.kafka import ADMIN
from local.stack import RealParts

Piece = tuple[str, bytes]
"""Where it was, what was there."""
# One login reaches every database of its server; the second server is audit's alone.
SERVERS = {"the services' server": "verifier", "audit's server": "audit"}
READ_S = 60
FILE_AT_ONCE = 1 << 24
OVERLAP = 1 << 10
UNUSED = bytes(256)
"""What a server reserved, and has not written."""


@dataclass(frozen=True)
class Places:
    """All of them; `metrics` are addresses, `logs` are folders."""

    parts: RealParts
    logs: Iterable[Path]
    metrics: Iterable[str]

    def pieces(self) -> Iterator[Piece]:
        """Everything that a client, an operator or a dashboard can see, read with the administrators' rights."""
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
        """Every document and index of every database on both servers, the servers' own logs included."""
        for server, service in SERVERS.items():
            with MongoClient[dict[str, Any]](**self.parts.mongo_admin(service)) as client:
                for database in sorted({*client.list_database_names(), "local", "config", "admin"}):
                    for name in sorted({*client[database].list_collection_names(), *OWN_LOGS.get(database, ())}):
                        where = f"{server}: {database}.{name}"
                        yield where, json_util.dumps(_indexes(client, database, name)).encode()
                        for document in client[database][name].find():
                            yield where, bson.encode(document) + b"\n" + json_util.dumps(document).encode()

    def files(self) -> Iterator[Piece]:
        """The servers' files as they are on the disk, deleted and superseded records included; mails have their own."""
        paths = self.parts.layout.paths
        for folder in (paths.kafka, paths.database, paths.audit_database, paths.data):
            for file in sorted(one for one in folder.rglob("*") if one.is_file() and paths.mail not in one.parents):
                if folder == paths.data and file.parent != paths.data:
                    continue
                for piece in _chunks(file):
                    yield f"file {file.relative_to(paths.data)}", piece

    def mails(self) -> Iterator[tuple[str, bytes]]:
        """Every mail that arrived: its one recipient, and its bytes with each part's text after them."""
        for file in sorted(self.parts.layout.paths.mail.glob("*.eml")):
            mail = message_from_bytes(raw := file.read_bytes(), _class=EmailMessage, policy=policy.default)
            texts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
            yield str(mail["To"]), b"\n".join([raw, *(text for text in texts if isinstance(text, bytes))])


# A server may keep its log out of its list of collections.
OWN_LOGS = {"local": ("oplog.rs", "startup_log")}


def _indexes(client: MongoClient[dict[str, Any]], database: str, name: str) -> Any:
    try:
        return client[database][name].index_information()
    except OperationFailure:
        return None


def _chunks(file: Path) -> Iterator[bytes]:
    """In parts that overlap. What was never written is skipped: Kafka reserves ten megabytes an index."""
    with file.open("rb") as content:
        at, end = 0, file.stat().st_size
        while at < end:
            try:
                at = os.lseek(content.fileno(), at, os.SEEK_DATA)
            except OSError:
                return
            until = min(os.lseek(content.fileno(), at, os.SEEK_HOLE), at + FILE_AT_ONCE)
            content.seek(max(0, at - OVERLAP))
            yield content.read(until - content.tell()).replace(UNUSED, b"")
            at = until


def _parts_of(record: Message) -> Iterator[Piece]:
    topic = record.topic()
    yield f"topic {topic} key", record.key() or b""
    yield f"topic {topic} value", record.value() or b""
    for name, value in record.headers() or ():
        yield f"topic {topic} header", name.encode() + b": " + (value or b"")
