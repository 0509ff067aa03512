"""Two runs that differ in who sends: what recipients get and what is told of each leak, ids and times masked."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.events.topics import TOPICS
from tests.canaries.client import ask_json
from tests.canaries.lives import LINK, Mailbox, until
from tests.canaries.people import Canary, people
from tests.canaries.world import World

# What the sender writes and chooses: the same in both runs.
CHOICES: tuple[dict[str, str], ...] = (
    {"relation": "friend", "kind": "thanks", "language": "en"},
    {"relation": "coworker", "kind": "joke", "language": "fr"},
    {"relation": "someone", "kind": "other", "language": "en"},
    {"relation": "family", "kind": "confidence", "language": "fr"},
)
TOKEN = re.compile(rb"(/(?:block|report|one-click)/)[A-Za-z0-9_.-]+")
MESSAGE_ID = re.compile(rb"(Message-ID: <)[0-9a-f]{32}")
DATE = re.compile(rb"(\r\nDate: )[^\r]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")
# Audit and verifier know the sender, so what is told to them alone may depend on it.
TOLD_TO_OTHERS = tuple(
    name for name, topic in TOPICS.items() if set(topic.readers) - {"audit", "verifier"} and "dead" not in name
)


def pair() -> tuple[list[Canary], list[Canary]]:
    """Two crowds: the same recipients and messages; other senders, addresses, ports, browsers, of other lengths too."""
    first, second = people(len(CHOICES), ("delivered",)), people(len(CHOICES), ("delivered",))
    return first, [
        replace(other, sender=f"a.much.longer.name.{other.sender}", recipient=one.recipient, word=one.word)
        for one, other in zip(first, second, strict=True)
    ]


def run(world: World, crowd: list[Canary], spoken: str) -> list[bytes]:
    """Send and confirm each; the mails that their recipients got in this run, masked."""
    return [_one(world, one, choices, spoken) for one, choices in zip(crowd, CHOICES, strict=True)]


def _one(world: World, one: Canary, choices: dict[str, str], spoken: str) -> bytes:
    folder = world.parts.layout.paths.mail

    def letters() -> set[Path]:
        return {file for file in folder.glob("*.eml") if one.recipient.encode() in file.read_bytes()}

    before = letters()
    how: dict[str, Any] = {"from_": f"127.66.{one.number}.{7 + len(one.sender) % 2}"}
    how["headers"] = {"user-agent": one.agent, "accept-language": spoken}
    one.leak_id = ask_json(world.gateway, "/v1/leaks", {**one.leak(), **choices}, **how).json()["leak_id"]
    tokens = dict(LINK.findall(Mailbox(folder).to(one.sender)))
    assert ask_json(world.gateway, "/v1/confirmations", {"token": tokens["confirm"]}, **how).status == 202
    (letter,) = until(lambda: letters() - before, f"the letter of {one.number}")
    return masked(letter.read_bytes())


def masked(mail: bytes) -> bytes:
    """Without what names this one mail: its tokens, its Message-ID, its Date."""
    head, _, body = mail.partition(b"\r\n\r\n")
    # Soft line breaks cut tokens in two.
    told = head + b"\r\n\r\n" + body.replace(b"=\r\n", b"")
    for pattern in (TOKEN, MESSAGE_ID, DATE):
        told = pattern.sub(rb"\1", told)
    return told


def shapes(world: World, crowd: list[Canary]) -> list[tuple[str, ...]]:
    """Per leak and topic: each field with the length of its value, and each header; times are all one length."""
    found = []
    for topic in TOLD_TO_OTHERS:
        records = world.parts.read(topic)
        for one in crowd:
            ours = ((value, headers) for _, value, headers in records if value and one.leak_id.encode() in value)
            for record, headers in ours:
                told = json.loads(record)
                sizes = [f"{name} {len(TIME.sub('', json.dumps(value)))}" for name, value in told.items()]
                found.append((topic, *sizes, *headers))
    return found
