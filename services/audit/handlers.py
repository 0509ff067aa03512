"""Kafka in. Every handler inserts what is not there yet, so a repeat changes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.audit import evidence
from services.audit.reconcile import Reconciler
from services.audit.retention import Retention
from services.audit.store.origins import OriginStore
from services.audit.store.values import UNCONFIRMED, LeakStep, StoredOrigin, StoredThreat, What
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.event import LeakEvent
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.runtime.clock import Clock, to_the_millisecond
from shared.seals.keys import KeyringSource


class AuditHandlers:
    """What audit does with each event it reads."""

    def __init__(  # noqa: PLR0917  # wiring passes what is used
        self,
        store: OriginStore,
        retention: Retention,
        reconciler: Reconciler,
        keyring: KeyringSource,
        threats_kept: timedelta,
        clock: Clock,
    ) -> None:
        self._store = store
        self._retention = retention
        self._reconciler = reconciler
        self._keyring = keyring
        self._threats_kept = threats_kept
        self._clock = clock

    async def on_origin_captured(self, captured: Sequence[OriginCaptured]) -> None:
        """Store the sealed records with their proofs. A forged one raises SealBroken, and dies alone."""
        stored_at = to_the_millisecond(self._clock())
        await self._store.add_origins([self._stored(event, stored_at) for event in captured])
        await self._retention.end_unconfirmed({event.leak_id for event in captured})

    async def on_leak_confirmed(self, confirmed: Sequence[LeakConfirmed]) -> None:
        """Its sender held the address."""
        await self._store.add_steps([self._step(event, "confirmed", event.confirmed_at) for event in confirmed])
        await self._retention.keep_confirmed({event.leak_id for event in confirmed})

    async def on_leak_expired(self, expired: Sequence[LeakExpired]) -> None:
        """Nobody confirmed it, so nobody received it: its origin is not needed for long."""
        await self._store.add_steps([self._step(event, "expired", event.expired_at) for event in expired])
        await self._retention.end_unconfirmed({event.leak_id for event in expired})

    async def on_leak_withdrawn(self, withdrawn: Sequence[LeakWithdrawn]) -> None:
        """It ended before moderation: nobody received it, either."""
        await self._store.add_steps(
            [self._step(event, "withdrawn", event.withdrawn_at, reason=event.reason) for event in withdrawn]
        )
        await self._retention.end_unconfirmed({event.leak_id for event in withdrawn})

    async def on_leak_decided(self, decided: Sequence[LeakDecided]) -> None:
        """Every revision is stored."""
        await self._store.add_steps(
            [self._step(event, "decided", event.decided_at, outcome=event.outcome) for event in decided]
        )

    async def on_leak_delivered(self, delivered: Sequence[LeakDelivered]) -> None:
        """The moment at which an origin must be here."""
        await self._store.add_steps(
            [
                self._step(event, "delivered", event.delivered_at, message_id_digest=event.message_id_digest)
                for event in delivered
            ]
        )
        await self._reconciler.note(delivered)

    async def on_leak_bounced(self, bounced: Sequence[LeakBounced]) -> None:
        """No mail server took it."""
        await self._store.add_steps(
            [self._step(event, "bounced", event.bounced_at, outcome=event.outcome_class) for event in bounced]
        )

    async def on_leak_suppressed(self, suppressed: Sequence[LeakSuppressed]) -> None:
        """Approved, and not sent."""
        await self._store.add_steps(
            [self._step(event, "suppressed", event.suppressed_at, reason=event.reason) for event in suppressed]
        )

    async def on_leak_stopped(self, stopped: Sequence[LeakStopped]) -> None:
        """A cancel or a withdrawal came in time."""
        await self._store.add_steps([self._step(event, "stopped", event.stopped_at) for event in stopped])

    async def on_threat_escalated(self, escalated: Sequence[ThreatEscalated]) -> None:
        """Stored sealed; the console shows it as an emergency."""
        stored_at = to_the_millisecond(self._clock())
        await self._store.add_threats(
            [
                StoredThreat(
                    event.leak_id,
                    at=event.escalated_at,
                    stored_at=stored_at,
                    sealed_threat=event.sealed_threat,
                    expires_at=event.escalated_at + self._threats_kept,
                )
                for event in escalated
            ]
        )

    def _stored(self, event: OriginCaptured, stored_at: datetime) -> StoredOrigin:
        evidence.check(event.leak_id, event.captured_at, event.sealed_origin, event.proof, self._keyring(), stored_at)
        ends_at = self._retention.ends(event.captured_at)
        return StoredOrigin(
            event.leak_id, event.captured_at, stored_at, event.sealed_origin, event.proof, ends_at, expires_at=ends_at
        )

    def _step(  # noqa: PLR0917  # what an event says
        self,
        event: LeakEvent,
        what: What,
        at: datetime,
        outcome: str | None = None,
        reason: str | None = None,
        message_id_digest: str | None = None,
    ) -> LeakStep:
        read_at = to_the_millisecond(self._clock())
        ends_at = self._retention.mark_ends(read_at) if what in UNCONFIRMED else self._retention.ends(at)
        return LeakStep(event.leak_id, what, at, read_at, ends_at, event.act, outcome, reason, message_id_digest)
