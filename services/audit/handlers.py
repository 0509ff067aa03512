"""Kafka in. Every handler inserts what is not there yet, so a repeat changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.sealing import Keyring

from services.audit.intake import refuse_forged
from services.audit.reconcile import Reconciler
from services.audit.retention import Retention
from services.audit.store import Store
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
from shared.events.event import LeakEvent
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.events.recipients import LeakReported
from shared.runtime.mongo import Document


class Handlers:
    """What audit does with each event it reads."""

    def __init__(
        self, store: Store, retention: Retention, reconciler: Reconciler, keyring: Keyring, threat_days: int
    ) -> None:
        self._store = store
        self._retention = retention
        self._reconciler = reconciler
        self._keyring = keyring
        self._threat_days = threat_days

    async def on_origin_captured(self, captured: Sequence[OriginCaptured]) -> None:
        """Keep the sealed records as they are. A forged one raises SealBroken, and dies alone."""
        for event in captured:
            refuse_forged(event, self._keyring)
        await self._store.add_origins(
            [
                {
                    "_id": event.leak_id,
                    "captured_at": event.captured_at,
                    "expires_at": self._retention.ends(event.captured_at),
                    "origin": event.origin,
                }
                for event in captured
            ]
        )

    async def on_leak_confirmed(self, confirmed: Sequence[LeakConfirmed]) -> None:
        """Its sender held the address."""
        await self._store.add_lives([self._life(event, "confirmed", event.confirmed_at) for event in confirmed])

    async def on_leak_expired(self, expired: Sequence[LeakExpired]) -> None:
        """Nobody confirmed it."""
        await self._store.add_lives([self._life(event, "expired", event.expired_at) for event in expired])

    async def on_leak_withdrawn(self, withdrawn: Sequence[LeakWithdrawn]) -> None:
        """It ended before moderation."""
        await self._store.add_lives(
            [self._life(event, "withdrawn", event.withdrawn_at, reason=event.reason) for event in withdrawn]
        )

    async def on_leak_decided(self, decided: Sequence[LeakDecided]) -> None:
        """Every revision is kept."""
        await self._store.add_lives(
            [
                self._life(event, "decided", event.decided_at, outcome=event.outcome, policy=event.policy)
                for event in decided
            ]
        )

    async def on_leak_delivered(self, delivered: Sequence[LeakDelivered]) -> None:
        """The moment at which an origin must be here."""
        await self._store.add_lives(
            [
                self._life(event, "delivered", event.delivered_at, report_token_digest=event.report_token_digest)
                for event in delivered
            ]
        )
        await self._reconciler.note(delivered)

    async def on_leak_bounced(self, bounced: Sequence[LeakBounced]) -> None:
        """No mail server took it."""
        await self._store.add_lives(
            [self._life(event, "bounced", event.bounced_at, outcome=event.outcome_class) for event in bounced]
        )

    async def on_leak_suppressed(self, suppressed: Sequence[LeakSuppressed]) -> None:
        """Approved, and not sent."""
        await self._store.add_lives(
            [self._life(event, "suppressed", event.suppressed_at, reason=event.reason) for event in suppressed]
        )

    async def on_leak_reported(self, reported: Sequence[LeakReported]) -> None:
        """Joined to its leak by the digest that the delivery told."""
        await self._store.add_reports(
            [
                {
                    "_id": event.event_id,
                    "token_digest": event.token_digest,
                    "reason": event.reason,
                    "at": event.reported_at,
                    "expires_at": self._retention.ends(event.reported_at),
                }
                for event in reported
            ]
        )

    async def on_threat_escalated(self, escalated: Sequence[ThreatEscalated]) -> None:
        """Kept sealed; the console shows it as an emergency."""
        await self._store.add_threats(
            [
                {
                    "_id": event.leak_id,
                    "at": event.escalated_at,
                    "policy": event.policy,
                    "message": event.message,
                    "expires_at": event.escalated_at + timedelta(days=self._threat_days),
                }
                for event in escalated
            ]
        )

    def _life(self, event: LeakEvent, what: str, at: datetime, **facts: str | None) -> Document:
        key = f"{event.leak_id}/{what}" + (f"/{event.act}" if event.act else "")
        ends = self._retention.ends(at)
        return {"_id": key, "leak_id": event.leak_id, "what": what, "at": at, "expires_at": ends, **facts}
