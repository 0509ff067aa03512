"""Accounts and the door of the auditors' console are entries of the chained log."""

from typing import Any

import pytest
from pymongo import MongoClient

from services.audit import accounts
from services.audit.chain import Entry, Head, follow
from services.audit.settings import Settings
from services.audit.verify import public_keys
from shared.console.accounts import AccountRefused
from tests.component.audit.conftest import PASSWORD, World

WRONG = {"name": "ada", "password": "wrong horse battery staple"}


async def test_a_sign_in_and_a_sign_out_are_entries_under_the_auditors_name(world: World) -> None:
    await world.here.console.accounts.add("ada", "auditor", PASSWORD)
    async with world.browser() as ada:
        await ada.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        await ada.post("/sign-out")
    entries = await world.log.read()
    assert [(entry.act, entry.by) for entry in entries] == [
        ("account.added", ""),
        ("account.signed_in", "ada"),
        ("account.signed_out", "ada"),
    ]
    assert all(entry.facts["accounts"] == ["ada"] for entry in entries)


async def test_a_flood_of_failed_sign_ins_is_one_entry(world: World) -> None:
    async with world.browser("ada") as stranger:
        stranger.cookies.clear()
        for name in ("ada", "my secret passphrase"):
            for _ in range(8):
                await stranger.post("/sign-in", data=WRONG | {"name": name})
    assert await world.acts() == []
    await world.service.jobs["failed_sign_ins"].work()
    [entry] = await world.log.read()
    assert (entry.act, entry.by, entry.facts) == ("account.failed", "", {"accounts": ["ada"], "count": 16})
    assert "secret" not in await world.stored()


async def test_the_log_page_shows_them_in_both_languages(world: World) -> None:
    await world.here.console.accounts.add("ben", "auditor", PASSWORD)
    async with world.browser("ada") as ada:
        await ada.post("/sign-in", data=WRONG)
        await world.service.jobs["failed_sign_ins"].work()
        english = (await ada.get("/log")).text
        french = (await ada.get("/log", headers={"accept-language": "fr"})).text
    for said in ("Account made on the server", "Sign-ins that failed", "1 within a minute: ada"):
        assert said in english
    assert "Connexions échouées" in french


async def test_while_the_log_is_not_whole_auditors_get_in_and_no_account_changes(world: World) -> None:
    await world.here.console.accounts.add("ada", "auditor", PASSWORD)
    await world.database["log"].update_one({"_id": 1}, {"$set": {"by": "cleo"}})
    with pytest.raises(AccountRefused, match="entry 1 was changed"):
        await world.twin().console.accounts.disable("ada")
    async with world.restarted().browser() as ada:
        await ada.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        page = await ada.get("/")
    assert page.status_code == 503
    assert "entry 1 was changed" in page.text


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch, settings: Settings, database_port: int) -> None:
    for name, value in {
        "MONGO_URL": f"mongodb://127.0.0.1:{database_port}",
        "MONGO_AUTH": "false",
        "SECRETS_DIR": settings.secrets_dir,
    }.items():
        monkeypatch.setenv(f"AUDIT_{name}", str(value))


@pytest.mark.usefixtures("commanded")
def test_the_command_appends_to_the_same_chain(settings: Settings, database_port: int) -> None:
    keys = public_keys(settings, "log")

    def entries() -> list[Entry]:
        """All there is, each following the one before it."""
        client: MongoClient[Any] = MongoClient(f"mongodb://127.0.0.1:{database_port}")
        documents = list(client["audit"]["log"].find().sort("_id", 1))
        client.close()
        found = [Entry(**{name: value for name, value in one.items() if name != "_id"}) for one in documents]
        head = Head()
        for place, entry in enumerate(found, 1):
            head = follow(head, entry, place, keys)
        return found

    before = len(entries())
    assert accounts.main(["add", "chained", "--role", "auditor"]) == 0
    assert accounts.main(["add", "chained", "--role", "auditor"]) == 1
    assert accounts.main(["reset", "chained"]) == 0
    assert accounts.main(["disable", "chained"]) == 0
    added = entries()[before:]
    assert [entry.act for entry in added] == ["account.added", "account.reset", "account.disabled"]
    assert all(entry.facts["accounts"] == ["chained"] for entry in added)
