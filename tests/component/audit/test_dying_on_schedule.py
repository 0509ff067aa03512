"""Origins die when their year ends, with what links to them; an order that has not ended holds its own leak's (I11)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.events.event import Event
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from tests.component.audit.conftest import World
from tests.support.outsiders import sealed_leak


async def sweep(world: World) -> None:
    await world.service.jobs["retention"].work()


async def left(world: World) -> set[str]:
    """Which collections still hold something that is to die."""
    names = ("origins", "lives", "unexplained", "threats")
    return {name for name in names if await world.database[name].count_documents({})}


async def full(world: World) -> str:
    """A leak with everything that can be linked to it."""
    leak_id = await world.leak()
    await world.read(world.captured(leak_id))
    world.clock.forward(days=2)
    await world.read(world.delivered(leak_id))
    return leak_id


async def test_an_origin_lives_one_year_from_its_own_time(world: World) -> None:
    leak_id = await world.leak()
    world.clock.forward(days=365, seconds=-1)
    await sweep(world)
    assert await world.records(leak_id)
    world.clock.forward(seconds=1)
    await sweep(world)
    assert not await world.records(leak_id)


async def test_everything_that_links_to_an_origin_dies_with_it(world: World) -> None:
    await full(world)
    world.clock.forward(days=363)
    await sweep(world)
    assert await left(world) == set()


async def test_a_leak_whose_time_has_not_come_keeps_its_links(world: World) -> None:
    await full(world)
    world.clock.forward(days=100)
    young = await full(world)
    world.clock.forward(days=265)
    await sweep(world)
    assert {record["_id"][:32] for record in await world.database["origins"].find().to_list(None)} == {young}
    assert {record["_id"][:32] for record in await world.database["lives"].find().to_list(None)} == {young}


async def test_more_than_one_sweepful_dies(world: World) -> None:
    await world.read(*(world.captured() for _ in range(1_100)))
    world.clock.forward(days=366)
    await sweep(world)
    assert await left(world) == set()


async def test_the_database_has_a_clock_of_its_own_on_everything_that_dies(world: World) -> None:
    for name in ("origins", "lives", "unexplained", "threats"):
        indexes: dict[str, Any] = await world.database[name].index_information()
        assert any("expireAfterSeconds" in index for index in indexes.values()), name


async def test_an_order_that_has_not_ended_holds_its_leak_and_no_other(world: World) -> None:
    mine, other = await full(world), await full(world)
    world.clock.forward(days=355)
    order = await world.order("ip", leak_id=mine)
    world.clock.forward(days=20)
    await sweep(world)
    assert await world.records(mine)
    assert await world.store.life(mine)
    assert not await world.records(other)
    await world.desk.approve("ben", order.number, ["ip"])
    assert await world.desk.open("ada", order.number)


async def test_a_hold_ends_with_its_order(world: World) -> None:
    mine = await full(world)
    world.clock.forward(days=355)
    order = await world.order("ip", leak_id=mine)
    world.clock.forward(days=20)
    await world.desk.refuse("ben", order.number, "no such ground")
    await sweep(world)
    assert await left(world) == set()


async def test_a_hold_of_two_orders_ends_with_the_later(world: World) -> None:
    mine = await full(world)
    world.clock.forward(days=355)
    first = await world.order("ip", leak_id=mine)
    await world.order("time", leak_id=mine)
    world.clock.forward(days=20)
    await world.desk.refuse("ben", first.number, "entered twice")
    await sweep(world)
    assert await world.records(mine)


async def test_a_hold_ends_by_itself(world: World) -> None:
    mine = await full(world)
    world.clock.forward(days=355)
    await world.order("ip", leak_id=mine)
    world.clock.forward(days=60)
    await sweep(world)
    assert await left(world) == set()


async def test_a_hold_never_shortens_a_life(world: World) -> None:
    mine = await world.leak()
    order = await world.order("ip", leak_id=mine)
    await world.desk.refuse("ben", order.number, "no such ground")
    [record] = await world.records(mine)
    assert record.expires_at == record.captured_at + timedelta(days=365)


def expired(world: World, leak_id: str) -> LeakExpired:
    return LeakExpired(leak_id=leak_id, expired_at=world.clock.now)


def withdrawn(world: World, leak_id: str) -> LeakWithdrawn:
    return LeakWithdrawn(leak_id=leak_id, withdrawn_at=world.clock.now, reason="cancelled")


def confirmed(world: World, leak_id: str) -> LeakConfirmed:
    leak = sealed_leak(world.sealer("gateway-accept"), leak_id)
    return LeakConfirmed.model_validate(leak | {"confirmed_at": world.clock.now})


async def is_stored(world: World, leak_id: str, **after: float) -> bool:
    """Whether the leak still has an origin, when the clock has moved on and the sweep has passed."""
    world.clock.forward(**after)
    await sweep(world)
    return bool(await world.store.origins(leak_id))


@pytest.mark.parametrize("end", [expired, withdrawn])
async def test_an_origin_of_a_leak_that_nobody_confirmed_dies_a_day_after_its_end_was_read(
    world: World, end: Callable[[World, str], Event]
) -> None:
    leak_id, other = await world.leak(), await world.leak()
    event = end(world, leak_id)
    # The end itself is older than a day when it is read: what counts is the reading.
    world.clock.forward(days=3)
    await world.read(event)
    assert await is_stored(world, leak_id, hours=24, seconds=-1)
    await world.read(event)
    assert not await is_stored(world, leak_id, seconds=1)
    assert await is_stored(world, other)


async def test_no_clock_alone_ends_an_origin_early(world: World) -> None:
    assert await is_stored(world, await world.leak(), days=30)


async def test_an_origin_that_is_read_after_its_leaks_end_dies_a_day_after_that(world: World) -> None:
    soon, late = world.captured(), world.captured()
    await world.read(expired(world, soon.leak_id), expired(world, late.leak_id))
    world.clock.forward(hours=1)
    await world.read(soon)
    assert await is_stored(world, soon.leak_id, hours=23, seconds=-1)
    assert not await is_stored(world, soon.leak_id, seconds=1)
    world.clock.forward(days=6)
    await world.read(late)
    assert not await is_stored(world, late.leak_id)


async def test_a_second_origin_of_the_leak_that_is_read_later_dies_too(world: World) -> None:
    first = world.captured()
    again = world.captured(first.leak_id)
    await world.read(first)
    await world.read(expired(world, first.leak_id))
    assert not await is_stored(world, first.leak_id, hours=24)
    await world.read(again)
    assert not await is_stored(world, first.leak_id)


async def test_a_confirmed_leak_keeps_its_origin_in_whatever_order_they_are_read(world: World) -> None:
    first, last, late = world.captured(), world.captured(), world.captured()
    await world.read(first, last)
    for captured, events in (
        (first, (confirmed(world, first.leak_id), expired(world, first.leak_id))),
        (last, (expired(world, last.leak_id), confirmed(world, last.leak_id))),
        (late, (expired(world, late.leak_id), confirmed(world, late.leak_id), late)),
    ):
        for event in events:
            await world.read(event)
        [record] = await world.records(captured.leak_id)
        assert record.expires_at == captured.captured_at + timedelta(days=365)
    for captured in (first, last, late):
        assert await is_stored(world, captured.leak_id, days=30)


@pytest.mark.parametrize("ordered_first", [True, False])
async def test_an_order_holds_the_origin_of_a_leak_that_nobody_confirmed(world: World, *, ordered_first: bool) -> None:
    leak_id = await world.leak()
    if not ordered_first:
        await world.read(expired(world, leak_id))
    order = await world.order("ip", leak_id=leak_id)
    if ordered_first:
        await world.read(expired(world, leak_id))
    # Even without a sweep: the database's own clock must not be the one that ends it.
    [record] = await world.records(leak_id)
    assert record.expires_at >= world.clock.now + timedelta(days=world.settings.hold_days)
    assert await is_stored(world, leak_id, days=20)
    await world.desk.refuse("ben", order.number, "no such ground")
    assert not await is_stored(world, leak_id)


async def test_that_a_leak_ended_unconfirmed_is_forgotten_after_a_month(world: World) -> None:
    await world.read(expired(world, await world.leak()))
    world.clock.forward(days=30)
    await sweep(world)
    assert await left(world) == set()


async def test_a_threats_message_dies_too(world: World) -> None:
    await world.read(world.escalated("ab" * 16))
    world.clock.forward(days=60)
    await sweep(world)
    assert await left(world) == set()


async def test_the_log_does_not_die(world: World) -> None:
    await world.order("ip")
    world.clock.forward(days=4_000)
    await sweep(world)
    assert await world.acts() == ["order.entered"]
