"""Attempts whose end nobody knows, leases that end, replicas that die: what becomes of the mail."""

import asyncio
from datetime import timedelta

from services.mailer.domain import UNKNOWN_MAX, Accepted, Unknown
from services.mailer.store.outbox import Entries
from shared.events.deliveries import LeakDelivered, LeakStopped
from shared.runtime import metrics
from tests.component.mailer.conftest import World

HARD_PARTS = ("ben@example.org", "anna@example.org", "I like you.", "example.org", "c1c1c1", "s2s2s2")


def unknown_ends() -> float:
    value: float = metrics.MAILS_UNKNOWN._value.get()
    return value


async def test_an_unknown_end_is_counted_and_repeated_with_the_same_message_id(world: World) -> None:
    before = unknown_ends()
    await world.deliver(world.decided())
    world.transport.answers.extend([Unknown(), Accepted()])
    assert await world.send() == []
    world.clock.forward(days=1)
    [published] = await world.send()
    assert isinstance(published, LeakDelivered)
    assert unknown_ends() == before + 1
    first, second = (mail.data.split(b"Message-ID: ")[1][:40] for mail in world.transport.offered)
    assert first == second


async def test_unknown_ends_do_not_repeat_for_ever(world: World) -> None:
    await world.deliver(world.decided())
    world.transport.answers.extend([Unknown()] * 10)
    for _ in range(10):
        await world.send()
        world.clock.forward(days=1)
    assert len(world.transport.offered) == UNKNOWN_MAX
    assert len(world.publisher.of(LeakDelivered)) == 1


async def test_a_replica_that_dies_between_data_and_journal_repeats_once_after_its_lease(world: World) -> None:
    before = unknown_ends()
    await world.deliver(world.decided())
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(1)
    await world.crash()
    world.transport.hold = None
    survivor = world.replica()
    assert await world.send(survivor) == []
    world.clock.forward(seconds=world.settings.lease_s + 1)
    [published] = await world.send(survivor)
    assert isinstance(published, LeakDelivered)
    first, second = (mail.data.split(b"Message-ID: ")[1][:40] for mail in world.transport.offered)
    assert first == second
    assert unknown_ends() == before + 1


async def test_a_replica_frozen_past_its_lease_publishes_no_second_outcome(world: World) -> None:
    await world.deliver(world.decided())
    world.transport.hold = frozen = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(1)
    world.transport.hold = None
    world.clock.forward(seconds=world.settings.lease_s + 1)
    [published] = await world.send(world.replica())
    world.clock.forward(minutes=1)
    frozen.set()
    await world.landed()
    assert world.publisher.published == [published, published]
    assert len(world.transport.offered) == 2


async def test_a_replica_that_lost_its_lease_before_sending_sends_nothing(world: World) -> None:
    await world.deliver(world.decided())
    world.transport.turn = frozen = asyncio.Event()
    await world.work("send_due")
    world.transport.turn = None
    world.clock.forward(seconds=world.settings.lease_s + 1)
    assert len(await world.send(world.replica())) == 1
    frozen.set()
    await world.landed()
    assert len(world.transport.offered) == 1


async def test_a_cancel_that_comes_while_the_mail_waits_for_a_connection_is_seen(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    world.transport.turn = asyncio.Event()
    await world.work("send_due")
    await world.deliver(world.cancelled(leak.leak_id))
    world.transport.turn.set()
    await world.landed()
    [published] = await world.send() or world.publisher.published
    assert isinstance(published, LeakStopped)
    assert world.transport.offered == []


async def test_the_outbox_is_empty_once_all_is_published(world: World) -> None:
    sent, cancelled = world.decided(), world.decided()
    await world.deliver(sent, cancelled, world.decided("rejected"))
    await world.deliver(world.cancelled(cancelled.leak_id))
    assert len(await world.send()) == 2
    assert await world.database["outbox"].count_documents({}) == 0


async def test_an_outbox_entry_waits_for_its_mail_to_end_and_is_published_then(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    entry_id = await Entries(world.database, keep=timedelta()).add([leak.leak_id], world.clock.now)
    world.clock.forward(minutes=1)
    await world.work("publish_unpublished")
    assert world.publisher.published == []
    assert await world.database["outbox"].find_one({}, {"mails": 1}) == {"_id": entry_id, "mails": [leak.leak_id]}
    [published] = await world.send()
    await world.work("publish_unpublished")
    assert world.publisher.published == [published, published]
    assert await world.database["outbox"].count_documents({}) == 0


async def test_what_a_crash_left_unpublished_is_published_by_the_sweep(world: World) -> None:
    await world.deliver(world.decided())
    world.publisher.away = True
    assert await world.send() == []
    assert len(world.transport.taken) == 1
    world.publisher.away = False
    world.clock.forward(minutes=1)
    await world.work("publish_unpublished")
    assert len(world.publisher.of(LeakDelivered)) == 1
    await world.work("publish_unpublished")
    assert len(world.publisher.of(LeakDelivered)) == 1
