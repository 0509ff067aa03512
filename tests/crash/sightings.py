"""What anybody can see from outside: every record of every topic, and every mail in the sink, since a run began."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

from local.kafka import ADMIN
from local.sink.reading import read
from local.stack import RealParts
from shared.events.topics import TOPICS

WAIT_S = 30
AT_ONCE = 1_000


@dataclass(frozen=True)
class Record:
    """One record as Kafka keeps it."""

    topic: str
    event_id: str
    at: datetime
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]

    @property
    def says(self) -> dict[str, Any]:
        """The event in it."""
        says: dict[str, Any] = json.loads(self.value)
        return says

    @property
    def leak_id(self) -> str:
        """The leak that it is about; nothing for what a test put there on purpose."""
        try:
            return str(self.says.get("leak_id", ""))
        except ValueError:
            return ""


@dataclass(frozen=True)
class Seen:
    """A mail in the sink."""

    to: str
    message_id: str
    text: str
    links: tuple[str, ...]

    def token(self, purpose: str) -> str:
        """What stands at the end of one of its links."""
        link = next(link for link in self.links if f"/{purpose}/" in link)
        return link.partition("?")[0].rpartition("/")[2]


class Sightings:
    """Grows with each `look`; nothing of an earlier run is in it."""

    def __init__(self, stack: RealParts) -> None:
        self.records: dict[str, list[Record]] = defaultdict(list)
        """By topic."""
        self.of_leak: dict[tuple[str, str], list[Record]] = defaultdict(list)
        """By topic and leak_id."""
        self.mails: dict[str, list[Seen]] = defaultdict(list)
        """By recipient."""
        self._folder: Path = stack.layout.paths.mail
        self._known = set(self._envelopes())
        self._consumer = Consumer(
            {
                **stack.librdkafka_login(ADMIN),
                "group.id": "outside",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
                "topic.metadata.refresh.interval.ms": 2_000,
            }
        )
        self._consumer.assign([self._end_of(name, part) for name in TOPICS for part in range(TOPICS[name].partitions)])

    @property
    def count(self) -> int:
        """How much was seen."""
        return sum(map(len, self.records.values())) + sum(map(len, self.mails.values()))

    def close(self) -> None:
        """Look no more."""
        self._consumer.close()

    def look(self) -> None:
        """See what is new; blocks for a moment."""
        while found := self._consumer.consume(AT_ONCE, timeout=0.05):
            for message in found:
                if message.error() is None and message.value() is not None:
                    self._keep(message)
        for envelope in self._envelopes():
            if envelope not in self._known:
                self._known.add(envelope)
                self._open(envelope)

    def all_records(self) -> list[Record]:
        """Of all topics."""
        return [record for records in self.records.values() for record in records]

    def all_mails(self) -> list[Seen]:
        """To everybody."""
        return [mail for mails in self.mails.values() for mail in mails]

    def _end_of(self, topic: str, partition: int) -> TopicPartition:
        # Asked now, because "the end" is otherwise where the first fetch finds it.
        _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=WAIT_S)
        return TopicPartition(topic, partition, end)

    def _keep(self, message: Message) -> None:
        headers = tuple((name, value or b"") for name, value in message.headers() or [])
        at = datetime.fromtimestamp(message.timestamp()[1] / 1_000, UTC)
        event_id, topic = dict(headers).get("ce_id", b"").decode(), str(message.topic())
        record = Record(topic, event_id, at, message.key(), message.value() or b"", headers)
        self.records[topic].append(record)
        if record.leak_id:
            self.of_leak[topic, record.leak_id].append(record)

    def _open(self, envelope: str) -> None:
        says = json.loads((self._folder / envelope).read_bytes())
        contents = read((self._folder / envelope).with_suffix(".eml").read_bytes())
        for to in says["to"]:
            self.mails[to].append(Seen(to, says["message_id"], contents.text, contents.links))

    def _envelopes(self) -> Iterator[str]:
        return (path.name for path in self._folder.glob("[0-9]*.json"))
