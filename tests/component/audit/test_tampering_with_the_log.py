"""Whoever can write audit's database can change its log; the check finds it and names what was done."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import REGISTRY

from deploy.setup import keys as setup
from services.audit.chain import START, ChainBroken, Entry, Head, LogDraft, extend
from services.audit.log import HeadFile, Log
from services.audit.store.log import LogStore
from services.audit.verify import check_log, public_keys
from services.audit.watch import DEGRADED
from shared.seals.keys import Key, key_id
from tests.component.audit.conftest import World
from tests.support import keys
from tests.support.fakes.clock import NOON


async def filled(world: World) -> Any:
    """A log of five entries: two orders entered, one approved, opened and closed."""
    order = await world.approved("ip")
    await world.desk.open("ada", order.number)
    await world.desk.close("ben", order.number, "by hand to the clerk")
    await world.order("time")
    return world.database["log"]


async def check(world: World) -> None:
    keys = public_keys(world.settings, "log")
    await check_log(LogStore(world.database), keys, [HeadFile(world.settings.head_file).read()])


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
        ("facts", {"fields": ["ip"]}),
        ("order", 5),
        ("previous", START),
        ("key_id", "0" * 16),
    ],
)
async def test_a_changed_entry_is_named(world: World, field: str, value: object) -> None:
    await (await filled(world)).update_one({"_id": 3}, {"$set": {field: value}})
    assert await found(world) == "entry 3 was changed after it was written"


async def test_a_changed_entry_with_a_fresh_digest_is_named(world: World) -> None:
    log = await filled(world)
    document = await log.find_one({"_id": 3})
    del document["_id"]
    forged = extend(Head(2, document["previous"]), LogDraft("order.refused", "ben", NOON, {}, None, 1), stranger())
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
    draft = LogDraft("order.approved", "ben", NOON, {"fields": ["time"]}, None, 5)
    forged = extend(Head(5, last["digest"]), draft, stranger())
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
    forgetful = Log(LogStore(world.database), world.settings.keys("log"), HeadFile(None))
    for _ in range(2):
        await forgetful.append(LogDraft("threat.settled", "ada", NOON, {"note": "another past"}, "0" * 32))
    assert await found(world) == "entry 5 is not the one that was noted: the log was replaced"


async def test_a_field_too_much_or_too_little_is_named(world: World) -> None:
    log = await filled(world)
    await log.update_one({"_id": 4}, {"$set": {"extra": "1"}})
    assert await found(world) == "entry 4 has not the form of an entry"
    await log.update_one({"_id": 4}, {"$unset": {"extra": "", "signature": ""}})
    assert await found(world) == "entry 4 has not the form of an entry"


async def test_a_step_that_the_rules_would_not_have_allowed_is_named_although_signed(world: World) -> None:
    order = await world.order("ip")
    draft = LogDraft("order.opened", "ada", NOON, {"fields": ["ip"]}, order.leak_id, order.number)
    await world.log.append(draft)
    assert await found(world) == "entry 2 (order.opened) was not allowed: not_approved"


async def test_the_service_raises_an_alarm_and_opens_nothing_more(world: World) -> None:
    log = await filled(world)
    order = await world.approved("ip")
    await log.update_one({"_id": 2}, {"$set": {"by": "cleo"}})
    with pytest.raises(ChainBroken):
        await world.desk.open("ada", order.number)
    assert DEGRADED in world.service.health.degraded
    assert REGISTRY.get_sample_value("leak_audit_log_whole") == 0
    async with world.browser("ada") as ada:
        after = (await world.desk.orders())[order.number].entries[-1].seq
        answer = await ada.post(f"/orders/{order.number}/open", data={"confirmed": "yes", "after": after})
        assert answer.status_code == 503
        assert "entry 2 was changed" in answer.text


async def test_a_forged_approval_in_the_database_opens_nothing(world: World) -> None:
    order = await world.order("ip")
    head = world.log.head
    facts = {"fields": ["ip"], "lapses_at": "2099-01-01T00:00:00+00:00"}
    approval = LogDraft("order.approved", "ben", NOON, facts, order.leak_id, 1)
    await world.database["log"].insert_one({"_id": 2, **document_of(extend(head, approval, stranger()))})
    with pytest.raises(ChainBroken):
        await world.twin().desk.open("ada", order.number)


async def test_replicas_that_write_at_once_make_one_log(world: World) -> None:
    replicas = [world.twin().log for _ in range(4)]
    await asyncio.gather(
        *(
            log.append(LogDraft("threat.settled", f"person-{number}", NOON, {"note": str(turn)}, "0" * 32))
            for turn in range(5)
            for number, log in enumerate(replicas)
        )
    )
    await check(world)
    assert len(await world.log.read()) == 20


async def test_entries_signed_with_an_older_key_are_as_whole_as_new_ones(own_keys: World) -> None:
    await filled(own_keys)
    keys.rotate(own_keys.folder, "audit", "log", own_keys.clock.now)
    own_keys.clock.forward(minutes=1)
    later = own_keys.restarted()
    await later.order("time")
    await check(later)
    assert len({entry.key_id for entry in await later.log.read()}) == 2


async def test_an_entry_signed_with_a_key_after_it_was_revoked_is_named(own_keys: World) -> None:
    await filled(own_keys)
    [old] = own_keys.settings.keys("log")().keys
    own_keys.clock.forward(minutes=1)
    now = own_keys.clock.now
    setup.revoke(own_keys.folder, "audit", "log", old.id, since=now, now=now, pause=timedelta(0))
    own_keys.clock.forward(minutes=1)
    later = own_keys.restarted()
    head = Head(5, (await own_keys.database["log"].find_one({"_id": 5}))["digest"])
    forged = extend(head, LogDraft("threat.settled", "ada", own_keys.clock.now, {"note": "x"}, "0" * 32), old)
    await own_keys.database["log"].insert_one({"_id": 6, **document_of(forged)})
    assert await found(later) == "entry 6 was signed with a key that was revoked before"


def stranger() -> Key:
    private = Ed25519PrivateKey.generate()
    return Key(key_id(private.public_key().public_bytes_raw()), NOON, private.private_bytes_raw())


def document_of(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__dataclass_fields__}
