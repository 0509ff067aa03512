"""What audit keeps of a leak, what it refuses, and that everything may come twice."""

from datetime import timedelta
from typing import Any

import pytest

from shared.events.dead import DeadLetter
from shared.events.decisions import LeakDecided
from shared.events.origins import OriginCaptured
from shared.events.recipients import LeakReported
from tests.component.audit.conftest import SENDER, World


async def kept(world: World) -> list[Any]:
    found: list[Any] = await world.database["origins"].find().to_list(None)
    return found


async def test_an_origin_is_kept_sealed_as_it_came(world: World) -> None:
    event = world.captured()
    await world.tell(event)
    [origin] = await kept(world)
    assert (origin["_id"], origin["origin"]) == (event.leak_id, event.origin)
    stored = await world.stored()
    assert "203.0.113.7" not in stored
    assert SENDER not in stored


async def test_the_same_origins_twice_are_kept_once(world: World) -> None:
    events = [world.captured() for _ in range(5)]
    await world.tell(*events)
    await world.tell(*events, world.captured())
    assert len(await kept(world)) == 6


async def test_a_retried_request_keeps_its_own_origin_beside_the_first(world: World) -> None:
    first = world.captured()
    again = world.captured(first.leak_id)
    await world.tell(first, again)
    await world.tell(again)
    await world.tell(first, again)
    records = await world.parts.store.records(first.leak_id)
    assert {record.origin for record in records} == {first.origin, again.origin}
    assert len(records) == 2


async def test_the_records_of_a_leak_are_no_other_leaks(world: World) -> None:
    for neighbour in ("ab" * 15 + "aa", "ab" * 16, "ab" * 15 + "ac"):
        await world.leak(leak_id=neighbour)
    assert [record.key for record in await world.parts.store.records("ab" * 16)] == ["ab" * 16]


async def test_an_origin_that_the_gateway_did_not_sign_becomes_a_dead_letter_alone(world: World) -> None:
    good, forged = world.captured(), world.captured(sealer=world.stranger)
    await world.tell(forged, good)
    assert [origin["_id"] for origin in await kept(world)] == [good.leak_id]
    [dead] = world.publisher.of(DeadLetter)
    assert dead.error_class == "SealBroken"


async def test_another_services_seal_is_no_origin(world: World) -> None:
    leak_id = "cd" * 16
    for sealed in (
        world.moderation.seal("origin", leak_id, b"{}"),
        world.gateway.seal("message", leak_id, b"hello"),
        world.captured(leak_id).origin[:-400] + "A" * 400 + "A" * 4,
    ):
        await world.tell(OriginCaptured(leak_id=leak_id, captured_at=world.clock.now, origin=sealed))
    assert await kept(world) == []
    assert len(world.publisher.of(DeadLetter)) == 3


async def test_an_origin_can_not_be_made_to_die_early(world: World) -> None:
    event = world.captured()
    await world.tell(event.model_copy(update={"captured_at": event.captured_at - timedelta(days=364)}))
    assert await kept(world) == []
    assert len(world.publisher.of(DeadLetter)) == 1


async def test_the_life_of_a_leak_is_joined_to_it(world: World) -> None:
    leak_id = await world.leak()
    now = world.clock.now
    await world.tell(
        LeakDecided(
            leak_id=leak_id,
            revision=0,
            outcome="rejected",
            decided_at=now,
            automated=True,
            policy="threat",
            policy_version="1",
        )
    )
    await world.tell(world.delivered(leak_id))
    await world.tell(LeakReported(token_digest="d" * 64, reported_at=now + timedelta(days=1), reason="threat"))
    await world.tell(LeakReported(token_digest="e" * 64, reported_at=now, reason="other"))
    assert [event["what"] for event in await world.parts.store.life(leak_id)] == ["decided", "delivered", "reported"]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_life_told_twice_is_the_same_life(world: World, times: int) -> None:
    leak_id = await world.leak()
    for _ in range(times):
        await world.tell(world.delivered(leak_id))
    assert len(await world.parts.store.life(leak_id)) == 1
