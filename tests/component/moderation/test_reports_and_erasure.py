"""Reports by the link in the mail, and what the clock erases."""

from datetime import timedelta

import pytest

from deploy.setup import keys
from shared.events.decisions import LeakDecided
from shared.events.recipients import LeakReported
from shared.runtime.envelope import Received
from tests.component.moderation.conftest import Moderator, World


async def report_path(moderator: Moderator) -> str:
    return "/reports/" + (await moderator.see("/reports")).split('href="/reports/')[1].split('"')[0]


async def test_a_report_finds_its_leak_by_its_link_alone(world: World, mod_a: Moderator):
    _, decided = await world.decide("thank you")
    await world.tell(world.reported(world.report_token(decided)))
    path = await report_path(mod_a)
    assert "it hurt" not in await mod_a.see(path)
    assert "it hurt" in await mod_a.see(f"{path}?show")


async def test_a_link_that_is_used_two_hundred_times_makes_one_report_and_publishes_nothing(
    world: World, mod_a: Moderator
):
    _, decided = await world.decide("thank you")
    for _ in range(200):
        world.clock.forward(seconds=1)
        assert await world.tell(world.reported(world.report_token(decided))) == []
    assert (await mod_a.see("/reports")).count('href="/reports/') == 1


async def test_a_token_that_we_never_made_reports_nothing_and_kills_no_record(world: World, mod_a: Moderator):
    _, decided = await world.decide("thank you")
    token = world.report_token(decided)
    sealed, secret = token.rsplit(".", 1)
    for strange in (f"{sealed}.{'A' * 22}", f"{'0' * 16}.{'A' * 43}.{secret}", f"{sealed[:-4]}AAAA.{secret}"):
        assert await world.tell(world.reported(strange)) == []
    assert "No report waits" in await mod_a.see("/reports")


async def test_report_links_survive_a_rotation_of_their_key(own_keys: World):
    world = own_keys
    leak, decided = await world.decide("thank you")
    keys.rotate(world.secrets, "moderation", "report-token", world.clock.now, timedelta(seconds=1))
    world.clock.forward(hours=1)
    twin = world.twin()
    await twin.deliveries[leak.topic].handle([Received(leak, "leak.confirmed.v1/0/0")])
    again = world.publisher.of(LeakDecided)[-1]
    assert world.report_token(again) == world.report_token(decided)
    await twin.deliveries[LeakReported.TOPIC].handle(
        [Received(world.reported(world.report_token(decided)), "leak.reported.v1/0/0")]
    )
    assert await world.database["reports"].count_documents({"leak_id": leak.leak_id}) == 1


@pytest.mark.parametrize(("outcome", "counted"), [("upheld", 1), ("dismissed", 0)])
async def test_a_report_is_closed_once_with_an_outcome(world: World, mod_a: Moderator, outcome: str, counted: int):
    _, decided = await world.decide("thank you")
    await world.tell(world.reported(world.report_token(decided)))
    path = await report_path(mod_a)
    assert (await mod_a.browser.post(path, data={})).status_code == 400
    assert (await mod_a.browser.post(path, data={"outcome": outcome})).status_code == 303
    assert (await mod_a.browser.post(path, data={"outcome": "upheld"})).status_code == 409
    assert "No report waits" in await mod_a.see("/reports")
    await world.decide("hold this")
    page = await mod_a.see(await mod_a.take_next())
    assert f"<dt>Mails reported</dt><dd>{counted}</dd>" in page


async def test_the_words_of_a_rejected_leak_die_with_its_appeal_window(world: World):
    leak, _ = await world.decide("reject this")
    world.clock.forward(days=183)
    await world.work("erase")
    assert leak.sealed_message in await world.stored()
    world.clock.forward(days=2)
    await world.work("erase")
    stored = await world.stored()
    assert leak.sealed_message not in stored
    assert leak.sealed_recipient not in stored
    assert "threat.en.reject" not in (await world.database["cases"].find_one()).values()
    assert await world.database["cases"].count_documents({"ending": "rejected"}) == 1


async def test_a_leak_that_nobody_decides_is_never_sent_and_ends_for_its_sender(world: World):
    leak, _ = await world.decide("hold this")
    world.clock.forward(days=185)
    await world.work("erase")
    [told] = world.sent()
    assert (told["outcome"], told["revision"]) == ("withdrawn", 2)
    assert leak.sealed_message not in await world.stored()
    await world.work("erase")
    assert len(world.sent()) == 1


async def test_a_report_loses_its_words_and_is_forgotten_in_time(world: World):
    _, decided = await world.decide("thank you")
    report = world.reported(world.report_token(decided))
    await world.tell(report)
    world.clock.forward(days=185)
    await world.work("erase")
    assert report.sealed_details not in await world.stored()
    world.clock.forward(days=181)
    await world.work("erase")
    for name in ("outcomes", "cases", "reports"):
        assert await world.database[name].count_documents({}) == 0


async def test_a_forgotten_leak_counts_no_more(world: World, mod_a: Moderator):
    await world.decide("reject this")
    world.clock.forward(days=366)
    await world.work("erase")
    await world.decide("hold this")
    moderator = await world.moderator("mod-a")
    assert "<dt>Earlier leaks rejected</dt><dd>0</dd>" in await moderator.see(await moderator.take_next())
