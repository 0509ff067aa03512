"""Threats to life that moderation escalated (DSA art. 18): one auditor can read the message; the log says who did."""

from dataclasses import dataclass
from datetime import datetime

from services.audit.chain import LogDraft
from services.audit.log import Log
from services.audit.store.origins import OriginStore
from shared.runtime.clock import Clock
from shared.seals.contents import Threat
from shared.seals.opening import Opener
from shared.seals.purposes import THREAT


@dataclass(frozen=True)
class Emergency:
    """An escalated threat as the console lists it: what it says, and the policy, are sealed."""

    leak_id: str
    at: datetime
    settled: bool


class ThreatDesk:
    """Reads and settles escalated threats. No origin is opened here: that takes an order and two people."""

    def __init__(self, store: OriginStore, audit_log: Log, opener: Opener, clock: Clock) -> None:
        self._store = store
        self._log = audit_log
        self._opener = opener
        self._clock = clock

    async def emergencies(self) -> list[Emergency]:
        """Unsettled first, the latest first."""
        settled = {entry.leak_id for entry in await self._log.read() if entry.act == "threat.settled"}
        found = [
            Emergency(threat.leak_id, threat.at, threat.leak_id in settled) for threat in await self._store.threats()
        ]
        return sorted(found, key=lambda emergency: emergency.settled)

    async def find(self, leak_id: str) -> Emergency | None:
        """One emergency, unread."""
        return next((one for one in await self.emergencies() if one.leak_id == leak_id), None)

    async def read(self, by: str, leak_id: str) -> Threat | None:
        """Message and policy; None when there is none (any more). Logged before it is opened. Raises SealBroken."""
        found = await self._store.threat(leak_id)
        if found is None:
            return None
        await self._log.append(LogDraft("threat.opened", by, self._clock(), {}, leak_id))
        return self._opener.open(THREAT, leak_id, found.sealed_threat, stored_at=found.stored_at)

    async def settle(self, by: str, leak_id: str, note: str) -> None:
        """Who was called, and when, is in the note; the message stays until its time."""
        await self._log.append(LogDraft("threat.settled", by, self._clock(), {"note": note}, leak_id))
