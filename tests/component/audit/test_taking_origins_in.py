"""What audit stores of a leak, what it refuses, and that everything may come twice."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from deploy.setup import keys as setup
from shared.events.dead import DeadLetter
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakStopped
from shared.events.event import Event
from shared.events.origins import OriginCaptured
from shared.seals.batches import origin_leaf
from shared.seals.contents import Message
from shared.seals.purposes import MESSAGE
from tests.component.audit.conftest import World
from tests.support.audit import SENDER


async def stored(world: World) -> list[Any]:
    found: list[Any] = await world.database["origins"].find().to_list(None)
    return found


async def refused(world: World, *events: Event) -> Sequence[str]:
    """The error classes of the dead letters that these events become."""
    await world.read(*events)
    return [dead.error_class for dead in world.publisher.of(DeadLetter)]


async def test_an_origin_is_stored_sealed_as_it_came_with_its_proof(world: World) -> None:
    event = world.captured()
    await world.read(event)
    [origin] = await stored(world)
    assert (origin["_id"], origin["sealed_origin"]) == (event.leak_id, event.sealed_origin)
    [record] = await world.records(event.leak_id)
    assert (record.proof, record.stored_at) == (event.proof, world.clock.now)
    everything = await world.stored()
    assert "203.0.113.7" not in everything
    assert SENDER not in everything


async def test_the_same_origins_twice_are_stored_once_and_at_the_first_time(world: World) -> None:
    events = [world.captured() for _ in range(5)]
    await world.read(*events)
    first = world.clock.now
    world.clock.forward(hours=1)
    await world.read(*events, world.captured())
    assert len(await stored(world)) == 6
    assert {origin["stored_at"] for origin in await stored(world)} == {first, world.clock.now}
    [again] = await world.records(events[0].leak_id)
    assert again.stored_at == first


async def test_a_retried_request_keeps_its_own_origin_beside_the_first(world: World) -> None:
    first = world.captured()
    again = world.captured(first.leak_id)
    await world.read(first, again)
    await world.read(again)
    await world.read(first, again)
    records = await world.records(first.leak_id)
    assert {record.sealed_origin for record in records} == {first.sealed_origin, again.sealed_origin}
    assert len(records) == 2


async def test_the_records_of_a_leak_are_no_other_leaks(world: World) -> None:
    mine = await world.leak(leak_id="ab" * 16)
    for neighbour in ("ab" * 15 + "aa", "ab" * 15 + "ac"):
        await world.leak(leak_id=neighbour)
    assert len(await stored(world)) == 3
    assert len(await world.records(mine)) == 1


async def test_an_origin_in_a_batch_that_the_gateway_did_not_sign_becomes_a_dead_letter_alone(world: World) -> None:
    good, forged = world.captured(), world.captured(signer="verifier")
    assert await refused(world, forged, good) == ["NotSigned"]
    assert [origin["_id"] for origin in await stored(world)] == [good.leak_id]


async def test_a_captured_header_with_random_bytes_under_a_victims_leak_is_refused(world: World) -> None:
    victim = await world.leak()
    header, signature, record = world.captured(victim).sealed_origin.split(".")[1:]
    forged = f"lk1.{header}.{signature}.{secrets.token_hex(len(record) // 2)}"
    for proof in ((await world.records(victim))[0].proof, world.captured(signer="verifier").proof):
        event = OriginCaptured.model_validate(
            {"leak_id": victim, "captured_at": world.clock.now, "sealed_origin": forged, "proof": proof}
        )
        await world.read(event)
    assert [dead.error_class for dead in world.publisher.of(DeadLetter)] == ["NotSigned"] * 2
    assert len(await stored(world)) == 1


async def test_what_the_gateway_sealed_for_others_is_no_origin_even_when_it_is_signed(world: World) -> None:
    leak_id = "cd" * 16
    message = world.sealer("gateway-accept").seal(MESSAGE, leak_id, Message(text="hello"))
    assert await refused(world, world.captured(leak_id, sealed=message)) == ["SealBroken"]
    assert await stored(world) == []


async def test_a_proof_does_not_serve_another_leak(world: World) -> None:
    event = world.captured()
    assert await refused(world, event.model_copy(update={"leak_id": "cd" * 16})) == ["NotSigned"]


async def test_an_origin_can_not_be_made_to_die_early(world: World) -> None:
    event = world.captured()
    early = event.model_copy(update={"captured_at": event.captured_at - timedelta(days=364)})
    assert await refused(world, early) == ["NotSigned"]
    assert await stored(world) == []


async def test_of_a_batch_each_record_is_proved_by_its_own_path(world: World) -> None:
    events = [world.captured() for _ in range(7)]
    proofs = world.signer("gateway-accept").sign([origin_leaf(event) for event in events])
    batch = [event.model_copy(update={"proof": proof}) for event, proof in zip(events, proofs, strict=True)]
    assert await refused(world, *batch) == []
    assert len(await stored(world)) == 7


async def test_what_a_revoked_signing_key_signed_is_refused_after_its_revocation_alone(own_keys: World) -> None:
    early = await own_keys.leak(ip="203.0.113.1")
    late = own_keys.captured()
    own_keys.clock.forward(hours=1)
    revoke(own_keys, "gateway-accept", "signing")
    own_keys.clock.forward(minutes=1)
    after = own_keys.restarted()
    assert await refused(after, late) == ["NotSigned"]
    assert await after.opened(early, "ip") == [{"ip": "203.0.113.1", "port": 51234, "obtained": "socket"}]
    assert await after.opened(await after.leak(ip="203.0.113.2"), "ip")


async def test_an_origin_sealed_to_an_older_opening_key_opens(own_keys: World) -> None:
    old = await own_keys.leak(ip="203.0.113.1")
    setup.rotate(own_keys.folder, "audit", "opening", own_keys.clock.now, timedelta(0))
    own_keys.clock.forward(minutes=1)
    after = own_keys.restarted()
    new = await after.leak(ip="203.0.113.2")
    for leak_id, ip in ((old, "203.0.113.1"), (new, "203.0.113.2")):
        assert (await after.opened(leak_id, "ip"))[0]["ip"] == ip


async def test_an_origin_sealed_to_a_revoked_opening_key_opens(own_keys: World) -> None:
    old = await own_keys.leak(ip="203.0.113.1")
    revoke(own_keys, "audit", "opening")
    own_keys.clock.forward(minutes=1)
    assert (await own_keys.restarted().opened(old, "ip"))[0]["ip"] == "203.0.113.1"


def revoke(world: World, process: str, name: str) -> None:
    """Since now; the new key is in use at once."""
    [key] = [key for key in setup.every(world.folder) if (key.process, key.name) == (process, name)]
    now = world.clock.now
    setup.revoke(world.folder, process, name, key.id, since=now, now=now, pause=timedelta(0))


async def test_the_life_of_a_leak_is_joined_to_it(world: World) -> None:
    leak_id = await world.leak()
    now = world.clock.now
    await world.read(world.delivered(leak_id))
    await world.read(
        LeakDecided(
            leak_id=leak_id,
            revision=0,
            outcome="rejected",
            decided_at=now - timedelta(minutes=1),
            automated=True,
            sealed_note="AA",
        )
    )
    await world.read(LeakStopped(leak_id=leak_id, stopped_at=now + timedelta(minutes=1)))
    assert [step.what for step in await world.store.life(leak_id)] == ["decided", "delivered", "stopped"]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_life_read_twice_is_the_same_life(world: World, times: int) -> None:
    leak_id = await world.leak()
    for _ in range(times):
        await world.read(world.delivered(leak_id))
    assert len(await world.store.life(leak_id)) == 1
