"""Approved leaks in Kafka to the mail server's 250, against `smtp-source -d` into the same sink."""

import asyncio

from bench import postfix, seals
from bench.measure import Figures, ratios, spread
from bench.traffic import publish, told
from local.stack import RealParts
from shared.events.deliveries import LeakDelivered

MAIL_BYTES = 5_500
"""About what a leak of 200 characters is on the wire, both alternatives included."""


def run(parts: RealParts, *, long: bool) -> Figures:
    """The ratio of the two rates."""
    count, rounds = (20_000, 5) if long else (2_000, 3)
    port = postfix.sink(parts)
    ours, source = [], []
    for _ in range(rounds):
        source.append(postfix.source(port, 20_000, MAIL_BYTES))
        parts.empty()
        asyncio.run(publish(parts, "moderation", seals.approved(parts, count)))
        ours.append(_send(parts, port, count))
    return {"ratio": ratios(ours, source), "mails_a_second": spread(ours), "smtp_source_a_second": spread(source)}


def _send(parts: RealParts, port: int, count: int) -> float:
    """From the first delivered mail to the last, as the events tell it."""
    mailer = parts.start("mailer-letters", smtp_port=port, recipient_daily=0, domain_daily=0)
    values = asyncio.run(told(parts, LeakDelivered.TOPIC, count))
    parts.stop(mailer)
    ends = sorted(LeakDelivered.model_validate_json(value).delivered_at for value in values)
    return (count - 1) / (ends[-1] - ends[0]).total_seconds()
