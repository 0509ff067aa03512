"""The store of mails by itself, on the embedded database: nothing is changed or taken on an old sight of it."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.mailer.domain import Change, Job, MailOutcome, MailState, Retry
from services.mailer.store.mails import Mails

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = Retry(NOON, tries=0, unknown=0)


def store(database: Any) -> Mails:
    return Mails(database, lease=timedelta(minutes=1), keep=timedelta(days=30))


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": secrets.token_hex(16),
        "recipient_digests": ("a" * 64,),
        "domain_digest": secrets.token_hex(32),
        "stored_at": NOON,
        "due_at": NOON,
        "content": {},
    }
    return Job(**fields | changes)


async def test_a_change_decided_on_an_old_sight_is_refused(database: Any) -> None:
    mails, one = store(database), job(revision=1)
    await mails.add([one])
    seen = (await mails.states([one.id]))[one.id]
    assert seen == MailState(1, waiting=True)
    assert await mails.change(one.id, seen, Change("cancelled", 1, due=True), None, NOON)
    assert not await mails.change(one.id, seen, Change("stopped", 2, due=True), None, NOON)
    assert (await mails.states([one.id]))[one.id].halt == "cancelled"


async def test_a_change_leaves_the_lease_of_a_mail_on_the_wire(database: Any) -> None:
    mails, one = store(database), job()
    await mails.add([one])
    assert len(await mails.begin([one.id], NOON)) == 1
    seen = (await mails.states([one.id]))[one.id]
    assert await mails.change(one.id, seen, Change("cancelled", 0, due=True), None, NOON)
    assert await mails.due(5, NOON + timedelta(seconds=59)) == []
    [due] = await mails.due(5, NOON + timedelta(seconds=60))
    assert (due.halt, due.cut_off) == ("cancelled", True)


async def test_an_attempt_begins_once(database: Any) -> None:
    mails = store(database)
    jobs = [job() for _ in range(40)]
    await mails.add(jobs)
    ids = [one.id for one in jobs]
    begun = await asyncio.gather(*[mails.begin(ids, NOON) for _ in range(4)])
    assert sorted(id_ for share in begun for id_ in share) == sorted(ids)


async def test_an_attempt_that_was_cut_off_is_noted_once_before_another_begins(database: Any) -> None:
    mails, one, later = store(database), job(), NOON + timedelta(minutes=1)
    await mails.add([one])
    await mails.begin([one.id], NOON)
    assert await mails.begin([one.id], later) == {}
    [seen] = await mails.due(5, later)
    assert (seen.cut_off, seen.unknown) == (True, 1)
    assert [await mails.note_unknown(seen, later) for _ in range(2)] == [True, False]
    assert (await mails.begin([one.id], later))[one.id].unknown == 1


async def test_a_mail_ends_unsent_only_as_it_was_seen(database: Any) -> None:
    mails, one = store(database), job(revision=1)
    await mails.add([one])
    seen = (await mails.states([one.id]))[one.id]
    await mails.change(one.id, seen, Change("cancelled", 1, due=True), None, NOON)
    assert await mails.end_unsent(one, "withdrawn", NOON) is None
    [cancelled] = await mails.due(5, NOON)
    await mails.begin([one.id], NOON)
    assert await mails.end_unsent(cancelled, "withdrawn", NOON) is None
    await mails.give_back(replace(cancelled, lease=(await mails.states([one.id]))[one.id].lease), LATER, NOON)
    ending = await mails.end_unsent(cancelled, "withdrawn", NOON)
    assert ending is not None
    assert await mails.outcomes([one.id]) == {one.id: ending}


async def test_an_end_is_returned_as_it_is_stored_whatever_the_clock_s_precision(database: Any) -> None:
    mails, sent, unsent, at = store(database), job(), job(), NOON.replace(microsecond=123_456)
    await mails.add([sent, unsent])
    ended = await mails.end([MailOutcome(sent.id, "delivered", at)])
    assert await mails.outcomes([sent.id]) == {sent.id: ended[0]}
    ending = await mails.end_unsent(unsent, "withdrawn", at)
    assert await mails.outcomes([unsent.id]) == {unsent.id: ending}


async def test_domains_that_are_passed_over_are_not_seen(database: Any) -> None:
    mails = store(database)
    await mails.add([*[job(domain_digest="slow") for _ in range(10)], *[job(domain_digest="quick") for _ in range(2)]])
    assert [one.domain_digest for one in await mails.due(20, NOON, passing_over=["slow"])] == ["quick", "quick"]
    assert len(await mails.due(5, NOON)) == 5
