"""What happens to accounts and at the door: each service keeps these entries its own way."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.runtime import logs
from shared.runtime.clock import Clock

FAILED_EVERY_S: Final = 60.0
"""How often `write_failed` is to be called."""

AccountAct = Literal["added", "reset", "disabled", "signed_in", "signed_out", "failed"]

log = logs.get("console")


@dataclass(frozen=True)
class AccountEntry:
    """One act. `accounts` are those it is about: never what a stranger typed, which may be a password."""

    act: AccountAct
    accounts: tuple[str, ...]
    at: datetime
    count: int = 1


Record = Callable[[AccountEntry], Awaitable[None]]
"""Keeps an entry, durably when it returns. What it raises keeps the act from happening."""


def logged(record: Record) -> Record:
    """Says each entry in the service's log of lines, too."""

    async def record_and_say(entry: AccountEntry) -> None:
        await record(entry)
        log.info("account", act=entry.act, account=", ".join(entry.accounts), count=entry.count)

    return record_and_say


class DoorLog:
    """Who came in and out. Failures are counted in memory, for one entry a minute: a flood must not fill the log."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._failed: Counter[str] = Counter()

    async def signed_in(self, account: str) -> None:
        """To be called before the session is open."""
        await self._record(AccountEntry("signed_in", (account,), self._clock()))

    async def signed_out(self, account: str) -> None:
        """The session is closed."""
        await self._record(AccountEntry("signed_out", (account,), self._clock()))

    def failed(self, account: str | None) -> None:
        """A try that let nobody in; `account` is the account that was tried, if there is one of that name."""
        self._failed[account or ""] += 1

    async def write_failed(self) -> None:
        """To be called once a minute, and at the end. Nothing is written when nothing failed."""
        counts, self._failed = self._failed, Counter()
        if not counts:
            return
        accounts = tuple(sorted(name for name in counts if name))
        try:
            await self._record(AccountEntry("failed", accounts, self._clock(), counts.total()))
        except BaseException:
            self._failed.update(counts)
            raise
