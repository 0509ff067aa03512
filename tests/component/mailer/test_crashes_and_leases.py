"""Attempts whose end nobody knows, leases that end, replicas that die: what becomes of the mail."""

import asyncio
from datetime import timedelta

from services.mailer.domain import UNKNOWN_MAX, Accepted, Unknown
from services.mailer.store.mails import Mails
from shared.events.deliveries import LeakDelivered, LeakSuppressed
from shared.runtime import metrics
from tests.component.mailer.conftest import World

HARD_PARTS = ("ben@example.org", "anna@example.org", "I like you.", "example.org", "c1c1c1", "s2s2s2")


def unknown_ends() -> float:
    value: float = metrics.MAILS_UNKNOWN._value.get()
    return value


async def test_an_unknown_end_is_counted_and_repeated_with_the_same_message_id(world: World) -> None:
    before = unknown_ends()
    await world.tell(world.decided())
    world.transport.answers.extend([Unknown(), Accepted()])
    assert await world.send() == []
    world.clock.forward(days=1)
    [told] = await world.send()
    assert isinstance(told, LeakDelivered)
    assert unknown_ends() == before + 1
    first, second = (mail.data.split(b"Message-ID: ")[1][:40] for mail in world.transport.offered)
    assert first == second


async def test_unknown_ends_do_not_repeat_for_ever(world: World) -> None:
    await world.tell(world.decided())
    world.transport.answers.extend([Unknown()] * 10)
    for _ in range(10):
        await world.send()
        world.clock.forward(days=1)
    assert len(world.transport.offered) == UNKNOWN_MAX
    assert len(world.publisher.of(LeakDelivered)) == 1


async def test_a_replica_that_dies_between_data_and_journal_repeats_once_after_its_lease(world: World) -> None:
    before = unknown_ends()
    await world.tell(world.decided())
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(1)
    await world.crash()
    world.transport.hold = None
    survivor = world.replica()
    assert await world.send(survivor) == []
    world.clock.forward(seconds=world.settings.lease_s + 1)
    [told] = await world.send(survivor)
    assert isinstance(told, LeakDelivered)
    first, second = (mail.data.split(b"Message-ID: ")[1][:40] for mail in world.transport.offered)
    assert first == second
    assert unknown_ends() == before + 1


async def test_a_replica_frozen_past_its_lease_tells_no_second_end(world: World) -> None:
    await world.tell(world.decided())
    world.transport.hold = frozen = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(1)
    world.transport.hold = None
    world.clock.forward(seconds=world.settings.lease_s + 1)
    [told] = await world.send(world.replica())
    world.clock.forward(minutes=1)
    frozen.set()
    await world.landed()
    assert world.publisher.published == [told, told]
    assert len(world.transport.offered) == 2


async def test_a_replica_that_lost_its_lease_before_sending_sends_nothing(world: World) -> None:
    await world.tell(world.decided())
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
    await world.tell(leak)
    world.transport.turn = asyncio.Event()
    await world.work("send_due")
    await world.tell(world.cancelled(leak.leak_id))
    world.transport.turn.set()
    await world.landed()
    [told] = await world.send() or world.publisher.published
    assert isinstance(told, LeakSuppressed)
    assert world.transport.offered == []


async def test_nothing_is_left_to_be_told_once_all_are_told(world: World) -> None:
    sent, cancelled = world.decided(), world.decided()
    await world.tell(sent, cancelled, world.decided("rejected"))
    await world.tell(world.cancelled(cancelled.leak_id))
    assert len(await world.send()) == 2
    assert await world.database["batches"].count_documents({}) == 0


async def test_a_mail_of_an_untold_batch_that_had_not_ended_is_told_when_it_has(world: World) -> None:
    leak = world.decided()
    await world.tell(leak)
    mails = Mails(world.database, lease=timedelta(), keep=timedelta())
    batch_id = await mails.announce([leak.leak_id], world.clock.now)
    world.clock.forward(minutes=1)
    await world.work("tell_untold")
    assert world.publisher.published == []
    assert await world.database["batches"].find_one({}, {"mails": 1}) == {"_id": batch_id, "mails": [leak.leak_id]}
    [told] = await world.send()
    await world.work("tell_untold")
    assert world.publisher.published == [told, told]
    assert await world.database["batches"].count_documents({}) == 0


async def test_what_a_crash_left_untold_is_told_by_the_sweep(world: World) -> None:
    await world.tell(world.decided())
    world.publisher.away = True
    assert await world.send() == []
    assert len(world.transport.taken) == 1
    world.publisher.away = False
    world.clock.forward(minutes=1)
    await world.work("tell_untold")
    assert len(world.publisher.of(LeakDelivered)) == 1
    await world.work("tell_untold")
    assert len(world.publisher.of(LeakDelivered)) == 1
