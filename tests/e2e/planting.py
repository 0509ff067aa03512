"""Hides canaries, one for each encoding, in each kind of place: the scanner must find them all."""

import base64
import binascii
import bz2
import codecs
import contextlib
import gzip
import hashlib
import html
import json
import lzma
import quopri
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import quote

import cramjam
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic
from pymongo import MongoClient

from local.kafka import ADMIN
from tests.stack import RealParts

TOPICS = ("planted-key", "planted-value", "planted-header")
DATABASE = "planted"
AROUND = b"a", b"to z"
"""So that no encoding begins where the canary does."""


def _within(encode: Callable[[bytes], bytes]) -> Callable[[str], bytes]:
    return lambda canary: encode(AROUND[0] + canary.encode() + AROUND[1])


def _signs(template: str) -> Callable[[str], bytes]:
    return lambda canary: "".join(template.format(ord(sign)) for sign in canary).encode()


PLANTED: Mapping[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "upper case": lambda canary: canary.upper().encode(),
    "utf-16-le": lambda canary: canary.encode("utf-16-le"),
    "utf-16-be": lambda canary: canary.encode("utf-16-be"),
    "utf-32-le": lambda canary: canary.encode("utf-32-le"),
    "reversed": lambda canary: canary[::-1].encode(),
    "rot13": lambda canary: codecs.encode(canary, "rot13").encode(),
    "hex": _within(binascii.hexlify),
    "hex, spaced": lambda canary: canary.encode().hex(" ").encode(),
    "base64": _within(base64.b64encode),
    "base64, one further": _within(lambda text: base64.b64encode(b"x" + text)),
    "base64, two further": _within(lambda text: base64.b64encode(b"xx" + text)),
    "base64url": _within(base64.urlsafe_b64encode),
    "base64 twice": _within(lambda text: base64.b64encode(base64.b64encode(text))),
    "base32": _within(base64.b32encode),
    "base85": _within(base64.b85encode),
    "ascii85": _within(base64.a85encode),
    "uuencoded": _within(binascii.b2a_uu),
    "url": lambda canary: quote(canary, safe="").encode(),
    "url, every sign": lambda canary: "".join(f"%{byte:02X}" for byte in canary.encode()).encode(),
    "quoted-printable": _within(lambda text: quopri.encodestring(b"=" * 30 + text)),
    "json": lambda canary: json.dumps({"said": canary}).encode(),
    "json, every sign": _signs("\\u{:04X}"),
    "html": lambda canary: html.escape(canary).encode(),
    "html, every sign": _signs("&#{};"),
    "octal escapes": _signs("\\{:03o}"),
    "hex escapes": _signs("\\x{:02x}"),
    "spelt": lambda canary: " ".join(canary).encode(),
    "gzip": _within(gzip.compress),
    "zlib": _within(zlib.compress),
    "bzip2": _within(bz2.compress),
    "xz": _within(lzma.compress),
    "lz4": _within(lambda text: bytes(cramjam.lz4.compress(text))),
    "zstd": _within(lambda text: bytes(cramjam.zstd.compress(text))),
    "gzip in base64": _within(lambda text: base64.b64encode(gzip.compress(text))),
    "md5": lambda canary: hashlib.md5(canary.encode()).hexdigest().encode(),  # noqa: S324
    "sha1": lambda canary: hashlib.sha1(canary.encode()).hexdigest().encode(),  # noqa: S324
    "sha256": lambda canary: hashlib.sha256(canary.encode()).hexdigest().encode(),
    "sha256 in base64": lambda canary: base64.b64encode(hashlib.sha256(canary.encode()).digest()),
}


def canary_of(encoding: str) -> str:
    """A text that occurs nowhere else."""
    return f"wren {encoding}@planted.example/é"


def contents() -> dict[str, bytes]:
    """Each encoding's canary, encoded."""
    return {encoding: plant(canary_of(encoding)) for encoding, plant in PLANTED.items()}


def plant_records(parts: RealParts) -> None:
    """In a topic of their own: once as the value, once as the key, once in a header."""
    for made in parts.kafka_admin.create_topics([NewTopic(name, 1, 1) for name in TOPICS]).values():
        made.result(60)
    producer = Producer(parts.librdkafka_login(ADMIN))
    for content in contents().values():
        producer.produce("planted-value", content)
        producer.produce("planted-key", b"", key=content)
        producer.produce("planted-header", b"", headers=[("trace", content)])
    assert producer.flush(60) == 0


def plant_documents(parts: RealParts, service: str) -> None:
    """In a database of their own on the server of this service."""
    with MongoClient(**parts.mongo_admin(service)) as client:
        client[DATABASE].documents.insert_many([{"held": {"deep": [content]}} for content in contents().values()])


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
            self.wfile.write(b"\n".join(b'seen_total{who="%s"} 1' % content for content in contents().values()))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/metrics"
        finally:
            server.shutdown()
