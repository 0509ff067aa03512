"""The log of everything auditors do: verified as it is read, appended to before anything takes effect."""

import asyncio
import json
import os
from dataclasses import asdict
from pathlib import Path

from services.audit import signatures
from services.audit.chain import ChainBroken, Entry, Head, LogDraft, extend, follow
from services.audit.store.log import LogStore
from shared.seals.keys import KeyHistory, KeySource


class HeadFile:
    """Remembers the log's end outside the database, so that a log cut short is found. No path: it remembers nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Head | None:
        """The end last noted. Raises ChainBroken when the note is there and can't be read."""
        if self._path is None or not self._path.exists():
            return None
        try:
            return Head(**json.loads(self._path.read_text()))
        except (ValueError, TypeError) as unreadable:
            raise ChainBroken(f"the note of the log's end, {self._path.name}, can't be read") from unreadable

    def note(self, head: Head) -> None:
        """Keep `head` unless a later one is noted."""
        noted = self.read()
        if self._path is None or (noted and noted.seq >= head.seq):
            return
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with part.open("w") as file:
            json.dump(asdict(head), file)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._path)


class Log:
    """Reads what others appended, and appends. Entries once verified are kept in memory: they never change."""

    def __init__(self, store: LogStore, keys: KeySource, head_file: HeadFile) -> None:
        self._store = store
        self._keys = keys
        self._head_file = head_file
        self._entries: list[Entry] = []
        self._turn = asyncio.Lock()

    @property
    def head(self) -> Head:
        """The end as far as this process has read."""
        return self._entries[-1].head if self._entries else Head()

    def public_keys(self) -> KeyHistory:
        """What checks entries, of any age."""
        return signatures.public_half(self._keys())

    async def read(self) -> tuple[Entry, ...]:
        """Every entry. Raises ChainBroken when what was added since the last reading does not follow."""
        async with self._turn:
            keys = self.public_keys()
            async for place, entry in self._store.entries(after=self.head.seq):
                follow(self.head, entry, place, keys)
                self._entries.append(entry)
            return tuple(self._entries)

    async def append(self, draft: LogDraft) -> Entry:
        """Append whatever others appended meanwhile. Durable when it returns. KeyMissing while no key may sign."""
        while True:
            await self.read()
            if entry := await self.append_next(self.head, draft):
                return entry

    async def append_next(self, head: Head, draft: LogDraft) -> Entry | None:
        """Append right after `head`, durably; None when somebody else did first: read, and decide again."""
        entry = extend(head, draft, self._keys().current(draft.at))
        if not await self._store.add_entry(entry):
            return None
        self._head_file.note(entry.head)
        return entry
