"""Accounts and the console's door in the chained log: each entry stands before what it tells takes effect."""

from typing import Final

from services.audit.chain import ChainBroken, Fact, LogDraft
from services.audit.log import Log
from shared.console.account_log import AccountEntry, Record
from shared.console.accounts import AccountRefused
from shared.runtime import logs
from shared.seals.errors import KeyMissing

CHANGES: Final = frozenset({"added", "reset", "disabled"})

log = logs.get("audit")


def recorder(audit_log: Log) -> Record:
    """What a console calls. Raises AccountRefused for a change while the log takes no entry."""

    async def record(entry: AccountEntry) -> None:
        by = entry.accounts[0] if entry.act in {"signed_in", "signed_out"} else ""
        facts: dict[str, Fact] = {"accounts": list(entry.accounts), "count": entry.count}
        try:
            await audit_log.append(LogDraft(f"account.{entry.act}", by, entry.at, facts))
        except (ChainBroken, KeyMissing) as broken:
            if entry.act in CHANGES:
                raise AccountRefused(f"nothing was changed, since the log takes no entry: {broken}") from broken
            # Auditors must get in to see why.
            log.error("a sign-in or sign-out is not in the audit log, which takes no entry", act=entry.act)  # noqa: TRY400

    return record
