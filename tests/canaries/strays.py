"""What goes wrong on purpose: requests that are refused, and records that no service can take."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Producer

from local.kafka import ADMIN
from tests.canaries.client import Answer, ask, ask_form, ask_json
from tests.canaries.lives import Lives, until
from tests.canaries.people import Canary, people
from tests.canaries.places import Piece
from tests.canaries.world import World

# A record of each is copied with a seal that does not hold: its reader's dead letters get it, raw.
BROKEN = {
    "leak.submitted.v1": "verifier.dead.v1",
    "origin.captured.v1": "audit.dead.v1",
    "sender.challenged.v1": "mailer-confirmations.dead.v1",
    "leak.confirmed.v1": "moderation.dead.v1",
    "leak.withdrawn.v1": "gateway-status.dead.v1",
}


def refused_requests(lives: Lives, one: Canary) -> Iterator[Piece]:
    """Each way to be refused, with marks wherever a client can put one."""
    told = one.leak()
    tries: tuple[dict[str, Any], ...] = (
        {**told, "sender": one.message},
        {**told, "recipient": f"{one.recipient} {one.word}"},
        {**told, "relation": one.word},
        {**told, "kind": one.sender},
        {**told, "language": one.recipient},
        {**told, one.word: one.sender},
        {**told, "message": f"{one.message}\x01"},
        {**told, "consent": one.word},
        {**told, "message": [one.message]},
        {**told, "allow_reply": True},
        {**told, "message": one.message * 100},
        {name: value for name, value in told.items() if name != "sender"},
    )
    whence = {"from_": lives.whence(one)["from_"]}
    for number, each in enumerate(tries):
        yield (
            f"answer: refused leak {number}",
            ask_json(lives.world.gateway, "/v1/leaks", each, headers=one.headers(), **whence).all,
        )
    for what, answer in _strange(lives, one, told, whence):
        yield f"answer: {what}", answer.all


def _strange(lives: Lives, one: Canary, told: dict[str, Any], whence: dict[str, Any]) -> Iterator[tuple[str, Answer]]:
    to, how = lives.world.gateway, {**whence, "headers": one.headers()}
    body = json.dumps(told).encode()
    yield "not JSON", ask_json(to, "/v1/leaks", told, **whence, headers={**one.headers(), "content-type": one.word})
    yield (
        "broken JSON",
        ask(
            to, "POST", "/v1/leaks", body[:-9], **whence, headers={**one.headers(), "content-type": "application/json"}
        ),
    )
    for name in ("idempotency-key", "leak-client-key", "leak-client-address"):
        yield name, ask_json(to, "/v1/leaks", told, **whence, headers={**one.headers(), name: one.word})
    for receipt in (one.word, one.receipt[:-1] + "0"):
        bearer = {**one.headers(), "authorization": f"Bearer {receipt}"}
        yield "a wrong receipt", ask(to, "GET", "/v1/leaks/mine", **whence, headers=bearer)
        yield "a wrong receipt", ask(to, "DELETE", "/v1/leaks/mine", **whence, headers=bearer)
    for path in ("/v1/confirmations", "/v1/stops", "/v1/blocks"):
        yield path, ask_json(to, path, {"token": one.word, one.sender: one.recipient}, **how)
        yield path, ask_json(to, path, {"token": [one.message]}, **how)
    yield "a report", ask_json(to, "/v1/reports", {"token": one.word, "reason": one.details, "details": 7}, **how)
    for method, path in (
        ("GET", f"/{one.word}"),
        ("POST", f"/v1/{one.word}?who={one.sender}"),
        ("PUT", "/v1/leaks"),
        ("GET", f"/static/{one.word}"),
        ("POST", f"/one-click/{one.word}"),
    ):
        yield f"{method} nowhere", ask(to, method, path, **how)
    yield "another host", ask(to, "GET", "/", **whence, headers={**one.headers(), "host": f"{one.word}.example"})
    yield (
        "a form from elsewhere",
        ask_form(
            to, "/leaks", {"message": one.message}, **whence, headers={**one.headers(), "sec-fetch-site": "cross-site"}
        ),
    )


def poison(lives: Lives) -> None:
    """Copies of real records, so that what is in them is real, each under another id than its seals'."""
    producer = Producer(lives.world.parts.librdkafka_login(ADMIN))
    for topic in BROKEN:
        # One of these lives where that can be told; a challenge doesn't say whose it is.
        ours = [one.leak_id for one in lives.canaries]
        real = [
            record
            for record in lives.world.parts.read(topic)
            if topic == "sender.challenged.v1" or any(leak_id.encode() in (record[1] or b"") for leak_id in ours)
        ]
        if not real:
            continue
        key, value, headers = real[0]
        told = json.loads(value or b"")
        name = "challenge_id" if "challenge_id" in told else "leak_id"
        broken = json.dumps({**told, name: secrets.token_hex(16)}).encode()
        if topic in ("origin.captured.v1", "leak.withdrawn.v1"):
            broken = (value or b"")[:-20]
        producer.produce(topic, broken, key, headers=list(headers.items()))
    producer.flush(30)


def lived(alive: World, count: int) -> Lives:
    """So many lives to their ends, and everything that goes wrong beside them."""
    lives = Lives(alive, people(count))
    lives.live()
    poison(lives)
    for one in lives.canaries[:2]:
        lives.answers += refused_requests(lives, one)
    for dead in BROKEN.values():
        until(lambda: alive.parts.read(dead), f"{dead} has a record")  # noqa: B023  # asked at once
    return lives
