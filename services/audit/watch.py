"""Looks at the log again and again, so that tampering raises an alarm without anybody asking."""

from collections.abc import Callable
from datetime import datetime

from services.audit import domain
from services.audit.chain import ChainBroken
from services.audit.log import HeadFile, Log
from services.audit.store.log import LogStore
from services.audit.verify import check_log
from shared.runtime import logs, metrics

log = logs.get("audit")

DEGRADED = "the audit log is not whole"


class Watch:
    """Checks the whole log from the store, and the deadlines. What it found last is what the console shows."""

    def __init__(
        self,
        store: LogStore,
        audit_log: Log,
        head_file: HeadFile,
        clock: Callable[[], datetime],
        degraded: set[str],
    ) -> None:
        self._store = store
        self._log = audit_log
        self._head_file = head_file
        self._clock = clock
        self._degraded = degraded
        self.broken: str | None = None

    async def look(self) -> None:
        """One check: metric, log line and health."""
        try:
            # The ends first: what is appended while the log is read is no fault.
            report = await check_log(self._store, self._log.public_keys(), [self._log.head, self._head_file.read()])
        except ChainBroken as broken:
            self.broken = str(broken)
            metrics.LOG_WHOLE.set(0)
            self._degraded.add(DEGRADED)
            log.error("the audit log is not whole", reason=self.broken)  # noqa: TRY400  # the text says it all
            return
        self.broken = None
        metrics.LOG_WHOLE.set(1)
        metrics.LOG_ENTRIES.set(report.entries)
        self._degraded.discard(DEGRADED)
        self._head_file.note(report.head)
        await self._count_overdue()

    async def require_whole(self) -> None:
        """Look now. Raises ChainBroken when something is wrong with the log."""
        await self.look()
        if self.broken:
            raise ChainBroken(self.broken)

    async def _count_overdue(self) -> None:
        orders = domain.orders(await self._log.read()).values()
        metrics.ORDERS_OVERDUE.set(sum(order.due_at < self._clock() and not order.ended for order in orders))
