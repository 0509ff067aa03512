"""A careless program's traces: one canary in each kind of place, in clear."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic
from pymongo import MongoClient

from local.kafka import ADMIN
from local.stack import RealParts

TOPICS = ("planted-key", "planted-value", "planted-header")
DATABASE = "planted"
CANARY = b"wren-quillfeather@planted.example"


def plant_records(parts: RealParts) -> None:
    """In a topic of their own: once as the value, once as the key, once in a header."""
    for made in parts.kafka_admin.create_topics([NewTopic(name, 1, 1) for name in TOPICS]).values():
        made.result(60)
    producer = Producer(parts.librdkafka_login(ADMIN))
    producer.produce("planted-value", CANARY)
    producer.produce("planted-key", b"", key=CANARY)
    producer.produce("planted-header", b"", headers=[("trace", CANARY)])
    assert producer.flush(60) == 0


def plant_documents(parts: RealParts, service: str) -> None:
    """In a database of their own on the server of this service."""
    with MongoClient(**parts.mongo_admin(service)) as client:
        client[DATABASE].documents.insert_one({"held": {"deep": [CANARY]}})


def take_away(parts: RealParts, services: Iterable[str]) -> None:
    """Records and documents; logs and metrics go with the test."""
    for gone in parts.kafka_admin.delete_topics(list(TOPICS)).values():
        gone.result(60)
    for service in services:
        with MongoClient(**parts.mongo_admin(service)) as client:
            client.drop_database(DATABASE)


@contextlib.contextmanager
def planted_metrics() -> Iterator[str]:
    """The address of a page of metrics that tells everything."""

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'seen_total{who="%s"} 1' % CANARY)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/metrics"
        finally:
            server.shutdown()
