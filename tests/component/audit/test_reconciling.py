"""A delivered leak without an origin is an alarm within a minute (I1)."""

from services.audit.reconcile import DEGRADED
from shared.runtime import metrics
from tests.component.audit.conftest import World


async def look(world: World) -> bool:
    """The job as the service runs it, once; whether the alarm is on afterwards."""
    await world.service.jobs["reconcile"].work()
    assert (metrics.WITHOUT_ORIGIN._value.get() > 0) == (DEGRADED in world.service.health.degraded)
    return DEGRADED in world.service.health.degraded


async def test_a_delivered_leak_with_its_origin_is_no_alarm(world: World) -> None:
    await world.tell(world.delivered(await world.leak()))
    world.clock.forward(minutes=5)
    assert not await look(world)


async def test_a_delivered_leak_without_an_origin_is_an_alarm_within_a_minute(world: World) -> None:
    await world.tell(world.delivered("ab" * 16))
    assert not await look(world)
    world.clock.forward(seconds=60 - world.settings.reconcile_s)
    assert await look(world)


async def test_an_origin_read_a_little_later_ends_the_alarm(world: World) -> None:
    await world.tell(world.delivered("ab" * 16))
    world.clock.forward(seconds=40)
    assert await look(world)
    await world.leak(leak_id="ab" * 16)
    assert not await look(world)
    assert await world.parts.store.unexplained() == []


async def test_the_alarm_is_still_on_after_a_restart(world: World) -> None:
    await world.tell(world.delivered("ab" * 16))
    world.clock.forward(seconds=40)
    twin = world.twin()
    await twin.reconciler.look()
    assert metrics.WITHOUT_ORIGIN._value.get() == 1
