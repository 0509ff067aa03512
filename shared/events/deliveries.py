"""How a leak ended at the mailer. The sender never learns which of these it was."""

from typing import ClassVar, Literal

from shared.events.event import Digest, LeakEvent, Moment


class LeakDelivered(LeakEvent):
    """A mail server took the mail over."""

    TOPIC: ClassVar[str] = "leak.delivered.v1"
    delivered_at: Moment
    report_token_digest: Digest


class LeakBounced(LeakEvent):
    """No mail server will take the mail."""

    TOPIC: ClassVar[str] = "leak.bounced.v1"
    bounced_at: Moment
    outcome_class: Literal["refused", "gave_up"]


class LeakSuppressed(LeakEvent):
    """The mail was approved and is not sent."""

    TOPIC: ClassVar[str] = "leak.suppressed.v1"
    suppressed_at: Moment
    reason: Literal["blocked", "limit", "withdrawn"]
