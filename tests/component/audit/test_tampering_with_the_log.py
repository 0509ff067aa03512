"""Whoever can write audit's database can change its log; the check finds it and names what was done."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.audit.chain import START, ChainBroken, Deed, Entry, Head, extend
from services.audit.log import HeadFile, Log
from services.audit.store import LogStore
from services.audit.verify import check_log, public_key
from services.audit.watch import DEGRADED
from shared.runtime import metrics
from tests.component.audit.conftest import World
from tests.support.fakes.clock import NOON


async def filled(world: World) -> Any:
    """A log of five entries: two orders entered, one approved, opened and closed."""
    order = await world.approved("address")
    await world.parts.desk.open("ada", order.number)
    await world.parts.desk.close("ben", order.number, "by hand to the clerk")
    await world.order("time")
    return world.database["log"]


async def check(world: World) -> None:
    key = Ed25519PublicKey.from_public_bytes(public_key(world.settings, "log.key"))
    await check_log(LogStore(world.database), key, [HeadFile(world.settings.head_file).read()])


async def found(world: World) -> str:
    with pytest.raises(ChainBroken) as broken:
        await check(world)
    return str(broken.value)


async def replace(log: Any, place: int, **changes: Any) -> None:
    document = await log.find_one({"_id": place})
    await log.delete_one({"_id": place})
    await log.insert_one({**document, "_id": place, **changes})


async def test_a_log_as_it_was_written_is_whole(world: World) -> None:
    await filled(world)
    await check(world)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("by", "ben"),
        ("at", "2026-01-01T00:00:00+00:00"),
        ("leak_id", "0" * 32),
        ("act", "order.closed"),
        ("facts", {"fields": ["address"]}),
        ("order", 5),
        ("previous", START),
    ],
)
async def test_a_changed_entry_is_named(world: World, field: str, value: object) -> None:
    await (await filled(world)).update_one({"_id": 3}, {"$set": {field: value}})
    assert await found(world) == "entry 3 was changed after it was written"


async def test_a_changed_entry_with_a_fresh_digest_is_named(world: World) -> None:
    log = await filled(world)
    document = await log.find_one({"_id": 3})
    del document["_id"]
    forged = extend(Head(2, document["previous"]), Deed("order.refused", "ben", NOON, {}, None, 1), stranger())
    await replace(log, 3, **document_of(forged))
    assert await found(world) == "entry 3 was not written by this service"


async def test_a_deleted_entry_is_named(world: World) -> None:
    await (await filled(world)).delete_one({"_id": 2})
    assert await found(world) == "entry 2 is missing"


async def test_the_first_entry_deleted_is_named(world: World) -> None:
    await (await filled(world)).delete_one({"_id": 1})
    assert await found(world) == "entry 1 is missing"


async def test_two_swapped_entries_are_named(world: World) -> None:
    log = await filled(world)
    second, third = await log.find_one({"_id": 2}), await log.find_one({"_id": 3})
    await log.delete_many({"_id": {"$in": [2, 3]}})
    await log.insert_many([{**second, "_id": 3}, {**third, "_id": 2}])
    assert await found(world) == "entry 2 was written as entry 3: entries were moved"


async def test_a_duplicated_entry_is_named(world: World) -> None:
    log = await filled(world)
    last = await log.find_one({"_id": 5})
    await log.insert_one({**last, "_id": 6})
    assert await found(world) == "entry 6 was written as entry 5: entries were moved"


@pytest.mark.parametrize("place", [2.5, -1, "6"])
async def test_an_entry_in_a_place_that_is_none_is_named(world: World, place: object) -> None:
    log = await filled(world)
    last = await log.find_one({"_id": 5})
    await log.insert_one({**last, "_id": place})
    assert "does not belong in the log" in await found(world)


async def test_an_inserted_entry_is_named(world: World) -> None:
    log = await filled(world)
    last = await log.find_one({"_id": 5})
    deed = Deed("order.approved", "ben", NOON, {"fields": ["time"]}, None, 5)
    forged = extend(Head(5, last["digest"]), deed, stranger())
    await log.insert_one({"_id": 6, **document_of(forged)})
    assert await found(world) == "entry 6 was not written by this service"


async def test_a_log_cut_short_is_named(world: World) -> None:
    await (await filled(world)).delete_many({"_id": {"$gt": 3}})
    assert await found(world) == "the log ends at entry 3, but reached entry 5: it was cut short"


async def test_a_log_that_is_gone_is_named(world: World) -> None:
    await (await filled(world)).delete_many({})
    assert await found(world) == "the log ends at entry 0, but reached entry 5: it was cut short"


async def test_a_log_rolled_back_and_written_on_is_named(world: World) -> None:
    log = await filled(world)
    await log.delete_many({"_id": {"$gt": 3}})
    forgetful = Log(LogStore(world.database), world.settings.secret("log.key"), HeadFile(None))
    for _ in range(2):
        await forgetful.append(Deed("threat.settled", "ada", NOON, {"note": "another past"}, "0" * 32))
    assert await found(world) == "entry 5 is not the one that was noted: the log was replaced"


async def test_a_field_too_much_or_too_little_is_named(world: World) -> None:
    log = await filled(world)
    await log.update_one({"_id": 4}, {"$set": {"extra": "1"}})
    assert await found(world) == "entry 4 has not the form of an entry"
    await log.update_one({"_id": 4}, {"$unset": {"extra": "", "signature": ""}})
    assert await found(world) == "entry 4 has not the form of an entry"


async def test_a_step_that_the_rules_would_not_have_allowed_is_named_although_signed(world: World) -> None:
    order = await world.order("address")
    deed = Deed("order.opened", "ada", NOON, {"fields": ["address"]}, order.leak_id, order.number)
    await world.parts.log.append(deed)
    assert await found(world) == "entry 2 (order.opened) was not allowed: not_approved"


async def test_the_service_raises_an_alarm_and_opens_nothing_more(world: World) -> None:
    log = await filled(world)
    order = await world.approved("address")
    await log.update_one({"_id": 2}, {"$set": {"by": "cleo"}})
    with pytest.raises(ChainBroken):
        await world.parts.desk.open("ada", order.number)
    assert DEGRADED in world.service.health.degraded
    assert metrics.LOG_WHOLE._value.get() == 0
    async with world.browser("ada") as ada:
        answer = await ada.post(f"/orders/{order.number}/open", data={"confirmed": "yes"})
        assert answer.status_code == 503
        assert "entry 2 was changed" in answer.text


async def test_a_forged_approval_in_the_database_opens_nothing(world: World) -> None:
    order = await world.order("address")
    head = world.parts.log.head
    facts = {"fields": ["address"], "lapses_at": "2099-01-01T00:00:00+00:00"}
    approval = Deed("order.approved", "ben", NOON, facts, order.leak_id, 1)
    await world.database["log"].insert_one({"_id": 2, **document_of(extend(head, approval, stranger()))})
    with pytest.raises(ChainBroken):
        await world.twin().desk.open("ada", order.number)


async def test_replicas_that_write_at_once_make_one_log(world: World) -> None:
    replicas = [world.twin().log for _ in range(4)]
    await asyncio.gather(
        *(
            log.append(Deed("threat.settled", f"person-{number}", NOON, {"note": str(turn)}, "0" * 32))
            for turn in range(5)
            for number, log in enumerate(replicas)
        )
    )
    await check(world)
    assert len(await world.parts.log.read()) == 20


def stranger() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def document_of(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}
