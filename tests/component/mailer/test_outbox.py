"""The outbox's entries by themselves, on the embedded database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.mailer.store.outbox import Entries

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def test_an_entry_is_kept_until_all_its_mails_have_ended_and_are_published(database: Any) -> None:
    entries, soon = Entries(database, keep=timedelta(days=30)), NOON + timedelta(minutes=1)
    entry_id = await entries.add(["a", "b"], NOON)
    assert await entries.before(NOON, 5) == {}
    assert await entries.before(soon, 5) == {entry_id: ["a", "b"]}
    await entries.narrow(entry_id, ["b"])
    assert await entries.before(soon, 5) == {entry_id: ["b"]}
    await entries.remove([entry_id])
    assert await entries.before(soon, 5) == {}
