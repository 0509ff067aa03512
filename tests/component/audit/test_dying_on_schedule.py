"""Origins die when their year ends, with what links to them; an order that has not ended holds its own leak's (I11)."""

from datetime import timedelta
from typing import Any

from shared.events.recipients import LeakReported
from tests.component.audit.conftest import World


async def sweep(world: World) -> None:
    await world.service.jobs["retention"].work()


async def left(world: World) -> set[str]:
    """Which collections still hold something that is to die."""
    names = ("origins", "lives", "reports", "unexplained", "threats")
    return {name for name in names if await world.database[name].count_documents({})}


async def full(world: World) -> str:
    """A leak with everything that can be linked to it."""
    leak_id = await world.leak()
    await world.tell(world.captured(leak_id))
    world.clock.forward(days=2)
    await world.tell(world.delivered(leak_id))
    await world.tell(LeakReported(token_digest="d" * 64, reported_at=world.clock.now, reason="threat"))
    return leak_id


async def test_an_origin_lives_one_year_from_its_own_time(world: World) -> None:
    leak_id = await world.leak()
    world.clock.forward(days=365, seconds=-1)
    await sweep(world)
    assert await world.parts.store.records(leak_id)
    world.clock.forward(seconds=1)
    await sweep(world)
    assert not await world.parts.store.records(leak_id)


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
    assert {record["leak_id"] for record in await world.database["lives"].find().to_list(None)} == {young}


async def test_more_than_one_sweepful_dies(world: World) -> None:
    await world.tell(*(world.captured() for _ in range(1_100)))
    world.clock.forward(days=366)
    await sweep(world)
    assert await left(world) == set()


async def test_the_database_has_a_clock_of_its_own_on_everything_that_dies(world: World) -> None:
    for name in ("origins", "lives", "reports", "unexplained", "threats"):
        indexes: dict[str, Any] = await world.database[name].index_information()
        assert any("expireAfterSeconds" in index for index in indexes.values()), name


async def test_an_order_that_has_not_ended_holds_its_leak_and_no_other(world: World) -> None:
    mine, other = await full(world), await full(world)
    world.clock.forward(days=355)
    order = await world.order("address", leak_id=mine)
    world.clock.forward(days=20)
    await sweep(world)
    assert await world.parts.store.records(mine)
    assert await world.parts.store.life(mine)
    assert not await world.parts.store.records(other)
    await world.parts.desk.approve("ben", order.number, ["address"])
    assert await world.parts.desk.open("ada", order.number)


async def test_a_hold_ends_with_its_order(world: World) -> None:
    mine = await full(world)
    world.clock.forward(days=355)
    order = await world.order("address", leak_id=mine)
    world.clock.forward(days=20)
    await world.parts.desk.refuse("ben", order.number, "no such ground")
    await sweep(world)
    assert await left(world) == set()


async def test_a_hold_of_two_orders_ends_with_the_later(world: World) -> None:
    mine = await full(world)
    world.clock.forward(days=355)
    first = await world.order("address", leak_id=mine)
    await world.order("time", leak_id=mine)
    world.clock.forward(days=20)
    await world.parts.desk.refuse("ben", first.number, "entered twice")
    await sweep(world)
    assert await world.parts.store.records(mine)


async def test_a_hold_ends_by_itself(world: World) -> None:
    mine = await full(world)
    world.clock.forward(days=355)
    await world.order("address", leak_id=mine)
    world.clock.forward(days=60)
    await sweep(world)
    assert await left(world) == set()


async def test_a_hold_never_shortens_a_life(world: World) -> None:
    mine = await world.leak()
    order = await world.order("address", leak_id=mine)
    await world.parts.desk.refuse("ben", order.number, "no such ground")
    [record] = await world.parts.store.records(mine)
    assert record.expires_at == record.captured_at + timedelta(days=365)


async def test_a_threats_message_dies_too(world: World) -> None:
    await world.tell(world.escalated("ab" * 16))
    world.clock.forward(days=60)
    await sweep(world)
    assert await left(world) == set()


async def test_the_log_does_not_die(world: World) -> None:
    await world.order("address")
    world.clock.forward(days=4_000)
    await sweep(world)
    assert await world.acts() == ["order.entered"]
