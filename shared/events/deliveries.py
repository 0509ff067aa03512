"""How a leak ended at the mailer. The sender never learns which of these it was, apart from a stop."""

from typing import ClassVar, Literal

from shared.events.event import LeakEvent, Moment
from shared.events.values import Digest


class LeakDelivered(LeakEvent):
    """A mail server took the mail over."""

    TOPIC: ClassVar[str] = "leak.delivered.v1"
    delivered_at: Moment
    message_id_digest: Digest


class LeakBounced(LeakEvent):
    """No mail server will take the mail."""

    TOPIC: ClassVar[str] = "leak.bounced.v1"
    bounced_at: Moment
    outcome_class: Literal["refused", "gave_up"]


class LeakSuppressed(LeakEvent):
    """The mail was approved and is not sent: its recipient blocked us, or got enough for one day."""

    TOPIC: ClassVar[str] = "leak.suppressed.v1"
    suppressed_at: Moment
    reason: Literal["blocked", "limit"]


class LeakStopped(LeakEvent):
    """A cancel or a withdrawal came in time: nothing left."""

    TOPIC: ClassVar[str] = "leak.stopped.v1"
    stopped_at: Moment
