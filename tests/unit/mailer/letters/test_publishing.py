"""Each outcome of a letter has its event."""

from datetime import UTC, datetime

import pytest

from services.mailer.domain import MailOutcome, Outcome
from services.mailer.letters.publishing import event_of
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.event import LeakEvent

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEAK, DIGEST = "a" * 32, "d" * 64


@pytest.mark.parametrize(
    ("outcome", "event"),
    [
        ("delivered", LeakDelivered(leak_id=LEAK, delivered_at=NOON, message_id_digest=DIGEST)),
        ("refused", LeakBounced(leak_id=LEAK, bounced_at=NOON, outcome_class="refused")),
        ("gave_up", LeakBounced(leak_id=LEAK, bounced_at=NOON, outcome_class="gave_up")),
        ("blocked", LeakSuppressed(leak_id=LEAK, suppressed_at=NOON, reason="blocked")),
        ("limit", LeakSuppressed(leak_id=LEAK, suppressed_at=NOON, reason="limit")),
        ("withdrawn", LeakStopped(leak_id=LEAK, stopped_at=NOON)),
    ],
)
def test_each_outcome_of_a_letter_is_published_as_its_event(outcome: Outcome, event: LeakEvent) -> None:
    assert event_of(MailOutcome(LEAK, outcome, NOON, DIGEST)) == event


def test_a_letter_never_expires() -> None:
    with pytest.raises(ValueError, match="confirmation"):
        event_of(MailOutcome(LEAK, "expired", NOON, DIGEST))
