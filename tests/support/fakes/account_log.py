"""What keeps account entries, in memory."""

from shared.console.account_log import AccountEntry


class KeptEntries:
    """Has the shape of `shared.console.account_log.Record`."""

    def __init__(self) -> None:
        self.entries: list[AccountEntry] = []
        self.error: Exception | None = None

    async def __call__(self, entry: AccountEntry) -> None:
        if self.error:
            raise self.error
        self.entries.append(entry)

    def told(self) -> list[tuple[str, tuple[str, ...], int]]:
        """Without the times."""
        return [(entry.act, entry.accounts, entry.count) for entry in self.entries]
