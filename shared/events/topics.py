"""The registry: per topic its model, its one owner, its readers, and how long Kafka keeps it."""

from dataclasses import dataclass

from shared.events.confirmations import ConfirmationClicked, SenderChallenged, SenderStopped
from shared.events.dead import DeadLetter
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
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


def _topic(model: type[Event], owner: str, *readers: str, key: str, stage: int, days: int) -> Topic:
    return Topic(model.TOPIC, model, owner, readers, key, stage, days * DAY_S)


def dead_letter_topic(service: str) -> str:
    """The name of a service's dead-letter topic."""
    return DeadLetter.TOPIC.replace("<service>", service)


def _dead(service: str) -> Topic:
    # One partition: dead letters are read by people and by the replay verb, in order.
    return Topic(dead_letter_topic(service), DeadLetter, service, (service,), "record", 9, 7 * DAY_S, partitions=1)


_ALL = (
    _topic(OriginCaptured, "gateway", "audit", key="leak_id", stage=0, days=7),
    _topic(LeakSubmitted, "gateway", "verifier", "gateway", key="leak_id", stage=0, days=2),
    _topic(ConfirmationClicked, "gateway", "verifier", key="token_digest", stage=0, days=2),
    _topic(SenderStopped, "gateway", "verifier", key="token_digest", stage=0, days=7),
    _topic(LeakCancelled, "gateway", "verifier", "moderation", "mailer", key="leak_id", stage=0, days=7),
    _topic(RecipientBlocked, "gateway", "mailer", key="token_digest", stage=0, days=30),
    _topic(LeakReported, "gateway", "moderation", "audit", key="token_digest", stage=0, days=7),
    _topic(SenderChallenged, "verifier", "mailer", key="challenge_id", stage=1, days=1),
    _topic(LeakConfirmed, "verifier", "moderation", "gateway", "audit", key="leak_id", stage=1, days=7),
    _topic(LeakExpired, "verifier", "audit", key="leak_id", stage=1, days=7),
    _topic(LeakWithdrawn, "verifier", "gateway", "audit", key="leak_id", stage=1, days=7),
    _topic(LeakDecided, "moderation", "mailer", "gateway", "audit", key="leak_id", stage=2, days=7),
    _topic(ThreatEscalated, "moderation", "audit", key="leak_id", stage=2, days=7),
    _topic(LeakDelivered, "mailer", "moderation", "audit", key="leak_id", stage=3, days=7),
    _topic(LeakBounced, "mailer", "audit", key="leak_id", stage=3, days=7),
    _topic(LeakSuppressed, "mailer", "gateway", "audit", key="leak_id", stage=3, days=7),
    *(_dead(service) for service in SERVICES),
)

TOPICS: dict[str, Topic] = {topic.name: topic for topic in _ALL}


def published_by(service: str) -> tuple[Topic, ...]:
    """The topics that `service` alone may write."""
    return tuple(topic for topic in _ALL if topic.owner == service)


def read_by(service: str) -> tuple[Topic, ...]:
    """The topics that `service` may read."""
    return tuple(topic for topic in _ALL if service in topic.readers)
