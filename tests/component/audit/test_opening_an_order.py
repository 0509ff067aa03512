"""From an order on paper to a signed answer, and every way in which that is refused."""

from typing import Any

import pytest
from pymongo import MongoClient

from services.audit.opening import OriginOpener
from services.audit.orders import StepRefused
from services.audit.store.values import StoredOrigin
from shared.seals.contents import Origin
from tests.component.audit.conftest import World
from tests.support.audit import SENDER

EVERYTHING = ("ip", "time", "destination", "claimed_ip", "sender", "content_digest")


async def refusal(attempt: object) -> str:
    with pytest.raises(StepRefused) as refused:
        await attempt  # type: ignore[misc]
    return str(refused.value.why)


async def test_two_people_get_the_answer_the_order_asks_for(world: World) -> None:
    order = await world.approved("ip", "time")
    answer = world.answer(await world.desk.open("ada", order.number))
    assert answer["records"] == [
        {
            "ip": "203.0.113.7",
            "port": 51234,
            "obtained": "socket",
            "captured_at": "2026-11-20T12:00:00.123456789Z",
            "time_zone": "UTC",
        }
    ]
    assert answer["leak_id"] == order.leak_id


async def test_either_of_the_two_can_open(world: World) -> None:
    order = await world.approved("sender")
    answer = world.answer(await world.desk.open("ben", order.number))
    assert answer["records"] == [{"sender_email_address": SENDER}]


@pytest.mark.parametrize("field", EVERYTHING)
async def test_a_field_that_is_not_asked_is_not_in_the_answer(world: World, field: str) -> None:
    asked = await world.approved(*(name for name in EVERYTHING if name != field))
    alone = await world.approved(field)
    without = world.answer(await world.desk.open("ada", asked.number))["records"][0]
    only = world.answer(await world.desk.open("ada", alone.number))["records"][0]
    assert only
    assert not set(without) & set(only)


async def test_an_approval_narrows_the_answer(world: World) -> None:
    order = await world.order("ip", "sender")
    await world.desk.approve("ben", order.number, ["ip"])
    raw = await world.desk.open("ada", order.number)
    assert SENDER not in raw.decode()
    assert world.answer(raw)["order"]["fields_granted"] == ["ip"]


async def test_the_person_who_entered_an_order_can_not_approve_it(world: World) -> None:
    order = await world.order()
    assert await refusal(world.desk.approve("ada", order.number, ["ip"])) == "same_person"
    assert await refusal(world.desk.open("ada", order.number)) == "not_approved"


async def test_nothing_opens_without_an_approval(world: World) -> None:
    order = await world.order()
    assert await refusal(world.desk.open("ben", order.number)) == "not_approved"


async def test_an_approval_runs_out_and_can_be_given_again(world: World) -> None:
    order = await world.approved()
    world.clock.forward(hours=24)
    assert await refusal(world.desk.open("ada", order.number)) == "approval_lapsed"
    await world.desk.approve("ben", order.number, ["ip"])
    assert await world.desk.open("ada", order.number)


async def test_a_third_auditor_can_not_open(world: World) -> None:
    order = await world.approved()
    assert await refusal(world.desk.open("cleo", order.number)) == "not_one_of_the_two"


async def test_an_approval_can_not_add_a_field(world: World) -> None:
    order = await world.order("ip")
    assert await refusal(world.desk.approve("ben", order.number, ["ip", "sender"])) == "field_not_asked"
    assert await refusal(world.desk.approve("ben", order.number, [])) == "no_fields"


async def test_an_order_opens_its_own_leak_and_no_other(world: World) -> None:
    other = await world.leak(ip="198.51.100.9")
    order = await world.approved("ip")
    raw = await world.desk.open("ada", order.number)
    assert b"198.51.100.9" not in raw
    assert other.encode() not in raw


async def test_an_order_for_a_leak_that_is_not_kept_opens_nothing(world: World) -> None:
    order = await world.approved(leak_id="ab" * 16)
    assert await refusal(world.desk.open("ada", order.number)) == "no_origin"


async def test_a_refused_order_and_a_closed_one_can_not_be_opened(world: World) -> None:
    refused, closed = await world.approved(), await world.approved()
    await world.desk.refuse("cleo", refused.number, "no such ground")
    await world.desk.open("ada", closed.number)
    await world.desk.close("ada", closed.number, "handed to the clerk")
    for order in (refused, closed):
        assert await refusal(world.desk.open("ada", order.number)) == "ended"


async def test_a_lost_answer_can_be_opened_again_and_the_log_counts_both(world: World) -> None:
    order = await world.approved()
    first = world.answer(await world.desk.open("ada", order.number))
    second = world.answer(await world.desk.open("ben", order.number))
    assert first["records"] == second["records"]
    assert (await world.acts()).count("order.opened") == 2


async def test_every_origin_of_a_retried_request_is_in_the_answer(world: World) -> None:
    leak_id = await world.leak(ip="203.0.113.7")
    await world.read(world.captured(leak_id, ip="203.0.113.99"))
    order = await world.approved("ip", leak_id=leak_id)
    answer = world.answer(await world.desk.open("ada", order.number))
    assert {one["ip"] for one in answer["records"]} == {"203.0.113.7", "203.0.113.99"}


async def test_refused_attempts_are_in_the_log(world: World) -> None:
    order = await world.order()
    await refusal(world.desk.approve("ada", order.number, ["ip"]))
    await refusal(world.desk.open("cleo", 999))
    tried = [(entry.by, entry.facts["why"]) for entry in await world.log.read() if entry.act == "attempt.refused"]
    assert tried == [("ada", "same_person"), ("cleo", "no_such_order")]


async def test_the_log_has_the_opening_before_anything_is_opened(world: World) -> None:
    order = await world.approved()
    logged = []

    class Watching(OriginOpener):
        """Looks into the database with a client of its own at the moment of opening."""

        def open(self, stored: StoredOrigin) -> Origin:
            with MongoClient[dict[str, Any]](*world.database.client.address) as client:
                logged.append(client[world.database.name]["log"].count_documents({"act": "order.opened"}))
            return super().open(stored)

    watching = Watching(world.settings.keys("opening"), world.settings.keyring())
    await world.twin(watching).desk.open("ada", order.number)
    assert logged == [1]


async def test_the_answer_names_the_entry_of_its_opening(world: World) -> None:
    order = await world.approved()
    answer = world.answer(await world.desk.open("ada", order.number))
    entry = next(entry for entry in await world.log.read() if entry.act == "order.opened")
    assert answer["log"] == {"entry": entry.seq, "digest": entry.digest}


async def test_nothing_that_was_opened_is_kept(world: World) -> None:
    order = await world.approved(*EVERYTHING)
    await world.desk.open("ada", order.number)
    stored = await world.stored()
    assert "203.0.113.7" not in stored
    assert SENDER not in stored


async def test_two_replicas_can_not_both_take_the_same_step(world: World) -> None:
    order = await world.order()
    twin = world.twin()
    await world.desk.approve("ben", order.number, ["ip"])
    assert await refusal(twin.desk.approve("cleo", order.number, ["ip"])) == "already_approved"
