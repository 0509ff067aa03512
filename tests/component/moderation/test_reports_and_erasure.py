"""Reports in whatever order they come, and what the clock erases."""

import pytest

from tests.component.moderation.conftest import Moderator, World


async def report_path(moderator: Moderator) -> str:
    return "/reports/" + (await moderator.see("/reports")).split('href="/reports/')[1].split('"')[0]


@pytest.mark.parametrize("order", ["delivered first", "reported first"])
async def test_a_report_finds_its_leak_whichever_comes_first(world: World, mod_a: Moderator, order: str):
    leak, _ = await world.decide("thank you")
    acts = [world.delivered(leak), world.reported()]
    for event in acts if order == "delivered first" else reversed(acts):
        await world.tell(event)
    path = await report_path(mod_a)
    assert "it hurt" not in await mod_a.see(path)
    assert "it hurt" in await mod_a.see(f"{path}?show")


async def test_repeats_of_both_make_one_report(world: World, mod_a: Moderator):
    leak, _ = await world.decide("thank you")
    report = world.reported()
    for event in (report, world.delivered(leak), report, world.delivered(leak), report):
        await world.tell(event)
    assert (await mod_a.see("/reports")).count('href="/reports/') == 1


async def test_a_report_of_mail_that_was_never_sent_shows_nowhere(world: World, mod_a: Moderator):
    await world.tell(world.reported(token_digest="e" * 64))
    assert "No report waits" in await mod_a.see("/reports")


@pytest.mark.parametrize(("outcome", "counted"), [("upheld", 1), ("dismissed", 0)])
async def test_a_report_is_closed_once_with_an_outcome(world: World, mod_a: Moderator, outcome: str, counted: int):
    leak, _ = await world.decide("thank you")
    await world.tell(world.delivered(leak))
    await world.tell(world.reported())
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
    assert leak.message in await world.stored()
    world.clock.forward(days=2)
    await world.work("erase")
    stored = await world.stored()
    assert leak.message not in stored
    assert leak.recipient not in stored
    assert "threat.en.reject" not in (await world.database["cases"].find_one()).values()
    assert await world.database["cases"].count_documents({"ending": "rejected"}) == 1


async def test_a_leak_that_nobody_decides_is_never_sent_and_ends_for_its_sender(world: World):
    leak, _ = await world.decide("hold this")
    world.clock.forward(days=185)
    await world.work("erase")
    [told] = world.sent()
    assert (told["outcome"], told["revision"]) == ("withdrawn", 2)
    assert leak.message not in await world.stored()
    await world.work("erase")
    assert len(world.sent()) == 1


async def test_a_report_loses_its_words_and_is_forgotten_in_time(world: World):
    leak, _ = await world.decide("thank you")
    report = world.reported()
    await world.tell(world.delivered(leak))
    await world.tell(report)
    world.clock.forward(days=185)
    await world.work("erase")
    assert (report.details or "") not in await world.stored()
    world.clock.forward(days=181)
    await world.work("erase")
    for name in ("outcomes", "cases", "sent", "reports"):
        assert await world.database[name].count_documents({}) == 0


async def test_a_forgotten_leak_counts_no_more(world: World, mod_a: Moderator):
    await world.decide("reject this")
    world.clock.forward(days=366)
    await world.work("erase")
    await world.decide("hold this")
    moderator = await world.moderator("mod-a")
    assert "<dt>Earlier leaks rejected</dt><dd>0</dd>" in await moderator.see(await moderator.take_next())
