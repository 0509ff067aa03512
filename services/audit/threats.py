"""Threats to life that moderation escalated (DSA art. 18): one auditor can read the message; the log says who did."""

from shared.unsealing import Opener

from services.audit.chain import Deed
from services.audit.log import Log
from services.audit.store import Store
from shared.runtime.clock import Clock

Threat = dict[str, object]


class ThreatDesk:
    """Reads and settles escalated threats. No origin is opened here: that takes an order and two people."""

    def __init__(self, store: Store, audit_log: Log, opener: Opener, clock: Clock) -> None:
        self._store = store
        self._log = audit_log
        self._opener = opener
        self._clock = clock

    async def all(self) -> list[Threat]:
        """Unsettled first, the latest first."""
        settled = await self._settled()
        found = await self._store.threats()
        threats: list[Threat] = [{**threat, "settled": threat["_id"] in settled} for threat in found]
        return sorted(threats, key=lambda threat: bool(threat["settled"]))

    async def find(self, leak_id: str) -> Threat | None:
        """One threat, without its message."""
        return next((threat for threat in await self.all() if threat["_id"] == leak_id), None)

    async def read(self, by: str, leak_id: str) -> str | None:
        """The message; None when there is none (any more). Logged before it is opened. Raises SealBroken."""
        found = await self._store.threat(leak_id)
        if found is None:
            return None
        await self._log.append(Deed("threat.opened", by, self._clock(), {"policy": found["policy"]}, leak_id))
        return self._opener.open("threat", leak_id, found["message"]).decode()

    async def settle(self, by: str, leak_id: str, note: str) -> None:
        """Whom was told, and when, is in the note; the message stays until its time."""
        await self._log.append(Deed("threat.settled", by, self._clock(), {"note": note}, leak_id))

    async def _settled(self) -> set[str | None]:
        return {entry.leak_id for entry in await self._log.read() if entry.act == "threat.settled"}
