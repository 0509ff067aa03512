"""The registry: which processes there are, and per topic its model, its one owner, its readers, how long it is kept."""

from dataclasses import dataclass

from shared.events.confirmations import ConfirmationClicked, SenderChallenged, SenderStopped
from shared.events.dead import DeadLetter
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.event import Event
from shared.events.leaks import LeakCancelled, LeakConfirmed, LeakExpired, LeakSubmitted, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.events.recipients import LeakReported, RecipientBlocked

SERVICES = ("gateway", "verifier", "moderation", "mailer", "audit")

HOUR_S = 3_600
DAY_S = 24 * HOUR_S
SEGMENT_SHARE = 8
"""A segment is closed after this share of the retention: Kafka deletes closed segments only."""


@dataclass(frozen=True)
class Process:
    """What runs by itself, with a Kafka user, a database user, keys and a database of its own, all called `name`.

    Two roles of one service are two processes of one image that must not know the same things.
    """

    service: str
    role: str | None = None
    reads_database_of: str | None = None

    @property
    def name(self) -> str:
        """`verifier`, `mailer-letters`."""
        return self.service if self.role is None else f"{self.service}-{self.role}"


ACCEPT = Process("gateway", "accept", reads_database_of="gateway-status")
STATUS = Process("gateway", "status")
VERIFIER = Process("verifier")
MODERATION = Process("moderation")
CONFIRMATIONS = Process("mailer", "confirmations")
LETTERS = Process("mailer", "letters")
AUDIT = Process("audit")

PROCESSES: dict[str, Process] = {
    process.name: process for process in (ACCEPT, STATUS, VERIFIER, MODERATION, CONFIRMATIONS, LETTERS, AUDIT)
}


@dataclass(frozen=True)
class Topic:
    """One topic. `stage` orders the flow: events lead from a stage to the same or a later one, people's acts are 0."""

    name: str
    model: type[Event]
    owner: str
    readers: tuple[str, ...]
    key: str
    stage: int
    retention_s: int
    partitions: int = 6

    @property
    def segment_s(self) -> int:
        """Seconds after which a segment is closed; a record outlives its retention by at most this."""
        return max(60, self.retention_s // SEGMENT_SHARE)


def _topic(model: type[Event], owner: Process, *readers: Process, key: str, stage: int, days: int) -> Topic:
    names = tuple(reader.name for reader in readers)
    return Topic(model.TOPIC, model, owner.name, names, key, stage, days * DAY_S)


def dead_letter_topic(process: str) -> str:
    """The name of a process's dead-letter topic."""
    return DeadLetter.TOPIC.replace("<process>", process)


def _dead(process: str) -> Topic:
    # One partition: dead letters are read by people and by the replay verb, in order.
    return Topic(dead_letter_topic(process), DeadLetter, process, (process,), "record", 9, 7 * DAY_S, partitions=1)


_EVENTS = (
    _topic(OriginCaptured, ACCEPT, AUDIT, key="leak_id", stage=0, days=7),
    _topic(LeakSubmitted, ACCEPT, VERIFIER, STATUS, key="leak_id", stage=0, days=2),
    _topic(ConfirmationClicked, ACCEPT, VERIFIER, key="token_digest", stage=0, days=2),
    _topic(SenderStopped, ACCEPT, VERIFIER, key="token_digest", stage=0, days=7),
    _topic(LeakCancelled, ACCEPT, VERIFIER, MODERATION, LETTERS, key="leak_id", stage=0, days=7),
    _topic(RecipientBlocked, ACCEPT, LETTERS, CONFIRMATIONS, key="token_digest", stage=0, days=30),
    _topic(LeakReported, ACCEPT, MODERATION, key="token_digest", stage=0, days=7),
    _topic(SenderChallenged, VERIFIER, CONFIRMATIONS, key="challenge_id", stage=1, days=1),
    _topic(LeakConfirmed, VERIFIER, MODERATION, STATUS, AUDIT, key="leak_id", stage=1, days=7),
    _topic(LeakExpired, VERIFIER, AUDIT, key="leak_id", stage=1, days=7),
    _topic(LeakWithdrawn, VERIFIER, STATUS, AUDIT, key="leak_id", stage=1, days=7),
    _topic(LeakDecided, MODERATION, LETTERS, STATUS, AUDIT, key="leak_id", stage=2, days=7),
    _topic(ThreatEscalated, MODERATION, AUDIT, key="leak_id", stage=2, days=7),
    _topic(LeakDelivered, LETTERS, AUDIT, key="leak_id", stage=3, days=7),
    _topic(LeakBounced, LETTERS, AUDIT, key="leak_id", stage=3, days=7),
    _topic(LeakSuppressed, LETTERS, AUDIT, key="leak_id", stage=3, days=7),
    _topic(LeakStopped, LETTERS, STATUS, AUDIT, key="leak_id", stage=3, days=7),
)
# Whoever reads nothing buries nothing.
_READING = tuple(name for name in PROCESSES if any(name in topic.readers for topic in _EVENTS))

TOPICS: dict[str, Topic] = {topic.name: topic for topic in (*_EVENTS, *map(_dead, _READING))}


def published_by(process: str) -> tuple[Topic, ...]:
    """The topics that `process` alone may write."""
    return tuple(topic for topic in TOPICS.values() if topic.owner == process)


def read_by(process: str) -> tuple[Topic, ...]:
    """The topics that `process` may read."""
    return tuple(topic for topic in TOPICS.values() if process in topic.readers)


def processes_of(service: str) -> tuple[Process, ...]:
    """The processes that run one service's code."""
    return tuple(process for process in PROCESSES.values() if process.service == service)
