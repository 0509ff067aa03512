"""The store of mails by itself, on the embedded database: nothing is changed or taken on an old sight of it."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from services.mailer.domain import Change, Job, Standing
from services.mailer.store.mails import Mails

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def store(database: Any) -> Mails:
    return Mails(database, lease=timedelta(minutes=1), keep=timedelta(days=30))


def job(**changes: Any) -> Job:
    fields = {
        "id": secrets.token_hex(16), "what": "letter", "address": "a" * 64, "domain": secrets.token_hex(32),
        "due_at": NOON, "content": {},
    }
    return Job(**fields | changes)


async def test_a_change_decided_on_an_old_sight_is_refused(database: Any) -> None:
    mails, one = store(database), job(revision=1)
    await mails.add([one])
    seen = (await mails.standings([one.id]))[one.id]
    assert seen == Standing(1, waiting=True)
    assert await mails.change(one.id, seen, Change("cancelled", 1, due=True), None, NOON)
    assert not await mails.change(one.id, seen, Change("stopped", 2, due=True), None, NOON)
    assert (await mails.standings([one.id]))[one.id].halt == "cancelled"


async def test_a_change_leaves_the_lease_of_a_mail_on_the_wire(database: Any) -> None:
    mails, one = store(database), job()
    await mails.add([one])
    assert len(await mails.take(5, {}, 5, NOON)) == 1
    seen = (await mails.standings([one.id]))[one.id]
    assert await mails.change(one.id, seen, Change("cancelled", 0, due=True), None, NOON)
    assert await mails.take(5, {}, 5, NOON + timedelta(seconds=59)) == []
    [taken] = await mails.take(5, {}, 5, NOON + timedelta(seconds=60))
    assert taken.halt == "cancelled"


async def test_what_is_taken_at_once_is_shared_out(database: Any) -> None:
    mails = store(database)
    await mails.add([job() for _ in range(40)])
    shares = await asyncio.gather(*[mails.take(20, {}, 5, NOON) for _ in range(4)])
    started = [await mails.start(share, "2026-11-20", NOON) for share in shares if share]
    ids = [id_ for share in started for id_ in share]
    assert len(ids) == len(set(ids))


async def test_no_domain_takes_more_than_its_share(database: Any) -> None:
    mails = store(database)
    await mails.add([job(domain="slow") for _ in range(10)])
    await mails.add([job(domain="quick", due_at=NOON) for _ in range(2)])
    taken = await mails.take(20, {"slow": 2}, 4, NOON)
    assert sorted(one.domain for one in taken) == ["quick", "quick", "slow", "slow"]
    assert [one.domain for one in await mails.take(20, {"slow": 4, "quick": 4}, 4, NOON)] == []
