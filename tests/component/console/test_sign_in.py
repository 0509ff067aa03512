"""Who gets in, who doesn't, and that the answer tells a stranger nothing."""

import asyncio
import time

import pytest

from shared.console.devices import KNOWN_FOR_S
from shared.console.door import BUSY_S
from shared.console.throttle import FREE_TRIES, WAIT_MAX_S
from tests.component.console.conftest import OURS, PASSWORD, World, client_of, console_of


async def test_the_right_password_opens_a_session_and_sign_out_ends_it(world: World):
    answer = await world.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    session, device = answer.headers.get_list("set-cookie")
    assert session.startswith("leak-moderation=")
    assert device.startswith("leak-moderation-device=")
    assert "Max-Age" in device
    assert "Max-Age" not in session
    for cookie in (session, device):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
    assert (await world.client.get("/")).text == "hello mod-a"
    await world.client.post("/sign-out", headers={"sec-fetch-site": "same-origin"})
    assert (await world.client.get("/")).headers["location"] == "/sign-in"


async def test_a_session_that_was_signed_out_is_dead_even_for_who_kept_its_cookie(world: World):
    await world.sign_in()
    token = world.client.cookies["leak-moderation"]
    await world.client.post("/sign-out", headers={"sec-fetch-site": "same-origin"})
    world.client.cookies.set("leak-moderation", token)
    assert (await world.client.get("/")).status_code == 303


async def test_over_https_the_cookie_is_secure_and_held_to_its_host(world: World):
    console = console_of(world.database, world.clock, world.kept, "https://moderation.example.org")
    async with client_of(console) as client:
        form = {"name": "mod-a", "password": PASSWORD}
        answer = await client.post("/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("__Host-leak-moderation")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_the_two_consoles_share_no_cookie_name(world: World):
    other = console_of(world.database, world.clock, world.kept, service="audit")
    assert other.site.session_cookie != world.console.site.session_cookie


async def test_a_wrong_password_a_wrong_name_and_a_disabled_account_get_one_answer(world: World):
    await world.console.accounts.add("gone", "moderator", PASSWORD)
    await world.console.accounts.disable("gone")
    wrong = await world.sign_in(password="wrong horse battery staple")
    nobody = await world.sign_in(name="nobody")
    disabled = await world.sign_in(name="gone")
    assert {wrong.status_code, nobody.status_code, disabled.status_code} == {401}
    pages = {
        answer.text.replace(name, "NAME") for answer, name in ((wrong, "mod-a"), (nobody, "nobody"), (disabled, "gone"))
    }
    assert len(pages) == 1


async def test_a_name_that_is_not_there_takes_as_long_as_one_that_is(world: World):
    async def seconds(name: str) -> float:
        start = time.perf_counter()
        await world.sign_in(name=name, password="wrong horse battery staple")
        return time.perf_counter() - start

    await seconds("somebody")
    # By turns, since a busy machine slows whatever comes at that moment.
    both = [(await seconds("mod-a"), await seconds("nobody")) for _ in range(FREE_TRIES)]
    there, nowhere = (min(times) for times in zip(*both, strict=True))
    assert nowhere > there / 2
    assert there > nowhere / 2


@pytest.mark.parametrize("name", ["mod-a", "nobody"])
async def test_guessing_is_slowed_alike_whether_or_not_the_name_exists(world: World, name: str):
    for _ in range(FREE_TRIES):
        assert (await world.sign_in(name=name, password="wrong horse battery staple")).status_code == 401
    slowed = await world.sign_in(name=name)
    assert slowed.status_code == 429
    assert f"Wait {slowed.headers['retry-after']} s" in slowed.text
    world.clock.forward(seconds=WAIT_MAX_S)
    assert (await world.sign_in(name=name)).status_code == (303 if name == "mod-a" else 401)


async def test_the_right_password_ends_the_slowing(world: World):
    for _ in range(FREE_TRIES):
        await world.sign_in(password="wrong horse battery staple")
    world.clock.forward(seconds=WAIT_MAX_S)
    assert (await world.sign_in()).status_code == 303
    assert (await world.sign_in(password="wrong horse battery staple")).status_code == 401


async def test_parallel_guesses_gain_nothing(world: World):
    for _ in range(FREE_TRIES):
        await world.sign_in(password="wrong horse battery staple")
    world.clock.forward(seconds=WAIT_MAX_S)
    guesses = [world.sign_in(password=f"wrong horse battery {number}") for number in range(8)]
    statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert statuses.count(401) == 1
    assert statuses.count(429) == 7


async def test_names_that_were_tried_are_not_stored(world: World):
    await world.sign_in(name="my secret passphrase")
    stored = str(await world.database["sign_in_tries"].find().to_list(None))
    assert "secret" not in stored


async def test_signing_in_again_ends_the_session_before(world: World):
    await world.sign_in()
    before = world.client.cookies["leak-moderation"]
    await world.sign_in()
    assert world.client.cookies["leak-moderation"] != before
    assert await world.console.sessions.person(before) is None


async def test_sessions_that_are_over_and_old_tries_leave_the_database(world: World):
    await world.sign_in()
    await world.sign_in(name="nobody")
    world.clock.forward(days=2)
    await world.sign_in(name="somebody")
    await world.sign_in()
    assert await world.database["sessions"].count_documents({}) == 1
    assert await world.database["sign_in_tries"].count_documents({}) == 1


async def hammer(world: World, name: str = "mod-a") -> None:
    """A stranger tries until the name is slowed."""
    async with world.browser() as stranger:
        for _ in range(FREE_TRIES):
            await world.sign_in(name, "wrong horse battery staple", by=stranger)
        assert (await world.sign_in(name, by=stranger)).status_code == 429


async def test_strangers_do_not_keep_out_who_signed_in_here_before(world: World):
    await world.sign_in()
    await world.client.post("/sign-out", headers=OURS)
    await hammer(world)
    assert (await world.sign_in()).status_code == 303


async def test_a_browser_that_was_never_here_waits_with_the_strangers(world: World):
    await world.sign_in()
    await hammer(world)
    async with world.browser() as other:
        assert (await world.sign_in(by=other)).status_code == 429


async def test_a_known_browser_has_tries_of_its_own_and_no_more(world: World):
    await world.sign_in()
    for _ in range(FREE_TRIES):
        assert (await world.sign_in(password="wrong horse battery staple")).status_code == 401
    assert (await world.sign_in()).status_code == 429
    async with world.browser() as other:
        assert (await world.sign_in(by=other)).status_code == 303


async def test_a_browser_is_known_for_the_names_that_signed_in_from_it(world: World):
    await world.console.accounts.add("mod-b", "moderator", PASSWORD)
    await world.sign_in("mod-a")
    await hammer(world, "mod-b")
    assert (await world.sign_in("mod-b")).status_code == 429
    world.clock.forward(seconds=WAIT_MAX_S)
    assert (await world.sign_in("mod-b")).status_code == 303
    for name in ("mod-a", "mod-b"):
        await hammer(world, name)
        assert (await world.sign_in(name)).status_code == 303


@pytest.mark.parametrize("planted", ["", "x" * 43])
async def test_an_id_that_we_did_not_make_makes_no_browser_known(world: World, planted: str):
    world.client.cookies.set("leak-moderation-device", planted)
    await world.sign_in()
    async with world.browser() as thief:
        thief.cookies.set("leak-moderation-device", planted)
        await hammer(world)
        assert (await world.sign_in(by=thief)).status_code == 429


async def test_a_browser_is_forgotten_half_a_year_after_its_last_sign_in(world: World):
    await world.sign_in()
    world.clock.forward(seconds=KNOWN_FOR_S - 60)
    await world.sign_in()
    world.clock.forward(seconds=KNOWN_FOR_S - 60)
    await hammer(world)
    assert (await world.sign_in()).status_code == 303
    world.clock.forward(seconds=KNOWN_FOR_S)
    await hammer(world)
    assert (await world.sign_in()).status_code == 429


async def test_what_a_browser_holds_is_not_in_the_database(world: World):
    await world.sign_in()
    stored = str(await world.database["devices"].find().to_list(None))
    assert world.client.cookies["leak-moderation-device"] not in stored
    assert "/mod-a" in stored


async def test_a_crowd_is_turned_away_and_does_not_keep_out_who_was_here_before(world: World):
    await world.sign_in()
    async with world.browser() as strangers:
        tries = [world.sign_in(f"nobody-{number}", by=strangers) for number in range(40)]
        crowd = asyncio.gather(*tries)
        await asyncio.sleep(0)
        mine = await world.sign_in()
        answers = await crowd
    assert mine.status_code == 303
    turned_away = [answer for answer in answers if answer.status_code == 503]
    assert len(turned_away) > len(answers) / 4
    assert {answer.status_code for answer in answers} == {401, 503}
    assert all(answer.headers["retry-after"] == str(BUSY_S) for answer in turned_away)
    assert "Too many people" in turned_away[0].text
    # Who was turned away was not counted as a try.
    assert await world.database["sign_in_tries"].count_documents({}) == len(answers) - len(turned_away)
