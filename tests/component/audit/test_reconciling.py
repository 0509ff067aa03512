"""A delivered leak without an origin is an alarm within a minute (I1)."""

from prometheus_client import REGISTRY

from services.audit.reconcile import DEGRADED
from tests.component.audit.conftest import World


def alarms() -> float | None:
    return REGISTRY.get_sample_value("leak_delivered_without_origin")


async def look(world: World) -> bool:
    """Reconcile once, as the service's job does; whether the alarm is on afterwards."""
    await world.service.jobs["reconcile"].work()
    assert bool(alarms()) == (DEGRADED in world.service.health.degraded)
    return DEGRADED in world.service.health.degraded


async def test_a_delivered_leak_with_its_origin_is_no_alarm(world: World) -> None:
    await world.read(world.delivered(await world.leak()))
    world.clock.forward(minutes=5)
    assert not await look(world)


async def test_a_delivered_leak_without_an_origin_is_an_alarm_within_a_minute(world: World) -> None:
    await world.read(world.delivered("ab" * 16))
    assert not await look(world)
    world.clock.forward(seconds=60 - world.settings.reconcile_s)
    assert await look(world)


async def test_an_origin_read_a_little_later_ends_the_alarm(world: World) -> None:
    await world.read(world.delivered("ab" * 16))
    world.clock.forward(seconds=40)
    assert await look(world)
    await world.leak(leak_id="ab" * 16)
    assert not await look(world)
    assert await world.store.unexplained() == []


async def test_the_alarm_is_still_on_after_a_restart(world: World) -> None:
    await world.read(world.delivered("ab" * 16))
    world.clock.forward(seconds=40)
    assert await look(world.restarted())
    assert alarms() == 1
