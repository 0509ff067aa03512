"""Which event says how a letter ended, and its publication."""

from collections.abc import Collection

from services.mailer.domain import MailOutcome
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.event import LeakEvent
from shared.runtime.kafka import Publisher


class OutcomePublisher:
    """Publishes how letters ended, the same each time."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def publish(self, outcomes: Collection[MailOutcome]) -> None:
        """Durable when it returns."""
        await self._publisher.publish(*map(event_of, outcomes))


def event_of(ended: MailOutcome) -> LeakEvent:
    """ValueError for what a letter can't end as."""
    match ended.outcome:
        case "delivered":
            return LeakDelivered(
                leak_id=ended.id, delivered_at=ended.at, message_id_digest=ended.message_id_digest or ""
            )
        case "refused" | "gave_up":
            return LeakBounced(leak_id=ended.id, bounced_at=ended.at, outcome_class=ended.outcome)
        case "blocked" | "limit":
            return LeakSuppressed(leak_id=ended.id, suppressed_at=ended.at, reason=ended.outcome)
        case "withdrawn":
            return LeakStopped(leak_id=ended.id, stopped_at=ended.at)
        case "expired":
            raise ValueError("only a confirmation mail expires")
