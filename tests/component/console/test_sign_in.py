"""Who gets in, who doesn't, and that the answer tells a stranger nothing."""

import asyncio
import time

import pytest

from shared.console.throttle import FREE_TRIES, WAIT_MAX_S
from tests.component.console.conftest import PASSWORD, World, client_of, console_of


async def test_the_right_password_opens_a_session_and_sign_out_ends_it(world: World):
    answer = await world.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("leak-moderation=")
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
    console = console_of(world.database, world.clock, "https://moderation.example.org")
    async with client_of(console) as client:
        form = {"name": "mod-a", "password": PASSWORD}
        answer = await client.post("/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-leak-moderation=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_the_two_consoles_share_no_cookie_name(world: World):
    other = console_of(world.database, world.clock, service="audit")
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

    await seconds("mod-a")
    there = min([await seconds("mod-a") for _ in range(3)])
    nowhere = min([await seconds("nobody") for _ in range(3)])
    assert nowhere > there / 2
    assert there > nowhere / 2


@pytest.mark.parametrize("name", ["mod-a", "nobody"])
async def test_guessing_is_slowed_alike_whether_or_not_the_name_exists(world: World, name: str):
    for _ in range(FREE_TRIES):
        assert (await world.sign_in(name=name, password="wrong horse battery staple")).status_code == 401
    assert (await world.sign_in(name=name)).status_code == 429
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
