"""What happens to accounts and at the door is recorded: before it takes effect, and without what strangers type."""

import pytest
from pymongo.errors import ServerSelectionTimeoutError
from structlog.testing import capture_logs

from tests.component.console.conftest import OURS, PASSWORD, World

WRONG = "wrong horse battery staple"


async def test_changes_of_an_account_are_recorded(world: World):
    accounts = world.console.accounts
    await accounts.add("mod-b", "moderator", PASSWORD)
    await accounts.disable("mod-b")
    await accounts.reset("mod-b", PASSWORD)
    assert world.kept.told() == [("added", ("mod-b",), 1), ("disabled", ("mod-b",), 1), ("reset", ("mod-b",), 1)]


async def test_a_change_that_is_refused_is_not_recorded(world: World):
    accounts = world.console.accounts
    for change in (
        accounts.add("mod-a", "moderator", PASSWORD),
        accounts.add("Not a name", "moderator", PASSWORD),
        accounts.add("weak", "moderator", "short"),
        accounts.disable("nobody"),
        accounts.reset("nobody", PASSWORD),
    ):
        with pytest.raises(ValueError, match=r"a name has|already|characters|no account"):
            await change
    assert world.kept.told() == []


async def test_what_can_not_be_recorded_does_not_happen(world: World):
    world.kept.error = TimeoutError()
    with pytest.raises(TimeoutError):
        await world.console.accounts.disable("mod-a")
    assert (await world.sign_in()).status_code == 500
    assert (await world.client.get("/")).headers["location"] == "/sign-in"
    world.kept.error = None
    assert (await world.sign_in()).status_code == 303


async def test_signing_in_and_out_is_recorded(world: World):
    await world.sign_in()
    await world.client.post("/sign-out", headers=OURS)
    await world.client.post("/sign-out", headers=OURS)
    assert world.kept.told() == [("signed_in", ("mod-a",), 1), ("signed_out", ("mod-a",), 1)]


async def test_a_flood_of_failed_sign_ins_is_one_entry_and_names_accounts_alone(world: World):
    for name in ("mod-a", "my secret passphrase", "nobody"):
        for _ in range(7):
            await world.sign_in(name, WRONG)
    assert world.kept.told() == []
    await world.console.write_failed()
    await world.console.write_failed()
    assert world.kept.told() == [("failed", ("mod-a",), 21)]


async def test_failures_that_could_not_be_recorded_are_told_the_next_time(world: World):
    await world.sign_in(password=WRONG)
    world.kept.error = TimeoutError()
    with pytest.raises(TimeoutError):
        await world.console.write_failed()
    await world.sign_in("nobody", WRONG)
    world.kept.error = None
    await world.console.write_failed()
    assert world.kept.told() == [("failed", ("mod-a",), 2)]


async def test_a_service_that_stops_records_what_it_counted(world: World):
    await world.sign_in(password=WRONG)
    await world.console.close()
    assert world.kept.told() == [("failed", ("mod-a",), 1)]


async def test_a_database_that_is_away_keeps_no_service_from_stopping(world: World):
    await world.sign_in(password=WRONG)
    world.kept.error = ServerSelectionTimeoutError()
    await world.console.close()
    assert world.kept.told() == []


async def test_each_entry_is_a_line_of_the_services_log_with_no_word_of_a_strangers(world: World):
    with capture_logs() as lines:
        await world.sign_in("my secret passphrase", WRONG)
        await world.sign_in()
        await world.console.write_failed()
    told = [(line["act"], line["account"], line["count"]) for line in lines if line["event"] == "account"]
    assert told == [("signed_in", "mod-a", 1), ("failed", "", 1)]
    assert "secret" not in str(lines)
    assert "127.0.0.1" not in str(lines)
