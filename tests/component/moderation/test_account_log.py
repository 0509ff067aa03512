"""Moderation keeps who came in and out in a collection of its own, as long as its decisions."""

import pytest
from pymongo import MongoClient

from services.moderation import accounts
from tests.component.moderation.conftest import Moderator, World


async def kept(world: World) -> list[tuple[str, list[str], int]]:
    entries = await world.database["account_log"].find().sort("at", 1).to_list(None)
    return [(entry["act"], entry["accounts"], entry["count"]) for entry in entries]


async def test_sign_ins_failed_ones_and_sign_outs_are_kept(world: World, mod_a: Moderator):
    async with world.browser() as stranger:
        for name in ("mod-a", "my secret passphrase"):
            world.clock.forward(seconds=1)
            await stranger.post("/sign-in", data={"name": name, "password": "wrong horse battery staple"})
    world.clock.forward(seconds=1)
    await mod_a.browser.post("/sign-out")
    world.clock.forward(seconds=1)
    await world.work("failed_sign_ins")
    assert await kept(world) == [("signed_in", ["mod-a"], 1), ("signed_out", ["mod-a"], 1), ("failed", ["mod-a"], 2)]
    assert "secret" not in await world.stored()


async def test_entries_are_forgotten_with_the_records(world: World, mod_a: Moderator):
    assert await kept(world)
    world.clock.forward(days=366)
    await world.work("erase")
    assert await kept(world) == []
    assert mod_a


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, database_port: int) -> None:
    monkeypatch.setenv("MODERATION_MONGO_URL", f"mongodb://127.0.0.1:{database_port}")
    monkeypatch.setenv("MODERATION_MONGO_AUTH", "false")


@pytest.mark.usefixtures("commanded")
def test_the_command_leaves_its_entry_as_well(database_port: int):
    client: MongoClient[dict[str, object]] = MongoClient(f"mongodb://127.0.0.1:{database_port}")
    before = client["moderation"]["account_log"].count_documents({})
    assert accounts.main(["add", "logged", "--role", "moderator"]) == 0
    assert accounts.main(["add", "logged", "--role", "moderator"]) == 1
    assert accounts.main(["disable", "logged"]) == 0
    found = client["moderation"]["account_log"].find({"accounts": "logged"}).sort("at", 1)
    assert [entry["act"] for entry in found] == ["added", "disabled"]
    assert client["moderation"]["account_log"].count_documents({}) == before + 2
    client.close()
