"""Whoever can write audit's database, and even holds its opening key, adds, swaps or invents no origin."""

import hashlib
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.audit.orders import OpeningFailed
from shared.digests import sha256, to_base64url
from shared.seals.form import ZERO_NONCE, associated_data, commit, pad, parse, share, wrapping_key
from shared.seals.opening import content_of, unwrap, window_secret
from shared.seals.purposes import ORIGIN
from tests.component.audit.conftest import World
from tests.support.audit import origin

TRUE_IP = "203.0.113.7"
PLANTED_IP = "198.51.100.66"


def fabricated(world: World, sealed: str, leak_id: str) -> str:
    """A plausible origin under the window of a true one, made with audit's own opening key."""
    true = parse(sealed)
    secret = window_secret(world.settings.keys("opening"), *true.sealed_secret("audit"))
    record_id, data_key = secrets.token_bytes(16), secrets.token_bytes(32)
    commitment = commit(data_key, record_id)
    bound = associated_data(hashlib.sha256(true.header_bytes).digest(), leak_id, record_id, commitment)
    shared_value = share(secret, ORIGIN.name, record_id)
    wrap = AESGCM(wrapping_key([shared_value])).encrypt(ZERO_NONCE, data_key, bound)
    plaintext = pad(origin(ip=PLANTED_IP).model_dump_json().encode(), ORIGIN.lengths)
    body = record_id + commitment + wrap + AESGCM(data_key).encrypt(ZERO_NONCE, plaintext, bound)
    planted = ".".join([*sealed.split(".")[:3], to_base64url(body)])
    # It is as good as the gateway's own, but for the signature over its batch.
    assert content_of(ORIGIN, unwrap(parse(planted), leak_id, {"audit": shared_value})).ip == PLANTED_IP
    return planted


async def insert_beside(world: World, leak_id: str, **changes: Any) -> None:
    """A second document among the leak's origins, as a retried request would have one."""
    document = await world.document(leak_id)
    await world.database["origins"].insert_one({**document, "_id": f"{leak_id}.{secrets.token_hex(16)}", **changes})


async def test_random_bytes_under_a_captured_header_are_a_fault_and_the_true_origin_opens(world: World) -> None:
    victim = await world.leak()
    header, signature, record = (await world.document(victim))["sealed_origin"].split(".")[1:]
    planted = f"lk1.{header}.{signature}.{secrets.token_hex(len(record) // 2)}"
    await insert_beside(world, victim, sealed_origin=planted)
    records = await world.opened(victim, "ip")
    assert {"record": sha256(planted), "fault": "not_signed_by_the_gateway"} in records
    assert [record["ip"] for record in records if "ip" in record] == [TRUE_IP]
    assert "order.failed" not in await world.acts()


async def test_what_audits_own_key_fabricated_is_not_signed_by_the_gateway(world: World) -> None:
    victim = await world.leak()
    planted = fabricated(world, (await world.document(victim))["sealed_origin"], victim)
    await insert_beside(world, victim, sealed_origin=planted)
    records = await world.opened(victim, "ip")
    assert {"record": sha256(planted), "fault": "not_signed_by_the_gateway"} in records
    assert [record["ip"] for record in records if "ip" in record] == [TRUE_IP]


async def test_a_fabricated_record_in_the_true_ones_place_opens_nothing(world: World) -> None:
    victim = await world.leak()
    planted = fabricated(world, (await world.document(victim))["sealed_origin"], victim)
    await world.database["origins"].update_one({"_id": victim}, {"$set": {"sealed_origin": planted}})
    await opens_nothing(world, victim)


async def test_two_swapped_origins_are_both_faults_and_never_each_others(world: World) -> None:
    mine, other = await world.leak(), await world.leak(ip=PLANTED_IP)
    first, second = await world.document(mine), await world.document(other)
    for leak_id, taken in ((mine, second), (other, first)):
        swapped = {name: value for name, value in taken.items() if name != "_id"}
        await world.database["origins"].update_one({"_id": leak_id}, {"$set": swapped})
    for leak_id in (mine, other):
        await opens_nothing(world, leak_id)


@pytest.mark.parametrize(
    "change",
    [
        {"proof": None},
        {"proof": {"key_id": "x"}},
        {"captured_at": "yesterday"},
        {"sealed_origin": 7},
        {"stored_at": None},
    ],
)
async def test_a_document_that_is_no_record_is_a_fault_and_vetoes_nothing(world: World, change: dict[str, Any]) -> None:
    victim = await world.leak()
    await insert_beside(world, victim, **change)
    records = await world.opened(victim, "ip")
    assert [record.get("fault") for record in records] == [None, "not_a_record"]


async def test_an_origin_with_a_changed_time_is_a_fault(world: World) -> None:
    victim = await world.leak()
    await world.database["origins"].update_one(
        {"_id": victim}, {"$set": {"captured_at": world.clock.now.replace(year=2027)}}
    )
    await opens_nothing(world, victim)


async def test_a_signed_record_that_does_not_open_is_a_fault_and_vetoes_nothing(world: World) -> None:
    """A gateway's own mistake: it signed what was sealed for another leak."""
    leak_id = await world.leak()
    await world.read(world.captured(leak_id, sealed=world.sealed("cd" * 16)))
    faults = [record.get("fault") for record in await world.opened(leak_id, "ip")]
    assert sorted(faults, key=str) == [None, "does_not_open"]


async def opens_nothing(world: World, leak_id: str) -> None:
    order = await world.approved("ip", leak_id=leak_id)
    with pytest.raises(OpeningFailed, match="not_signed_by_the_gateway"):
        await world.desk.open("ada", order.number)
    assert (await world.acts())[-2:] == ["order.opened", "order.failed"]
