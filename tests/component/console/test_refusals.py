"""Each guard of a console, refusing."""

import httpx
import pytest

from tests.component.console.conftest import OURS, URL, World, client_of, console_of


async def test_nobody_unsigned_sees_a_page_or_does_an_act(world: World):
    assert (await world.client.get("/")).headers["location"] == "/sign-in"
    refused = await world.client.post("/", headers=OURS)
    assert refused.status_code == 401
    assert "not carried out" in refused.text


async def test_another_role_is_refused(world: World):
    await world.sign_in()
    assert (await world.client.get("/boss")).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": URL},
        {"sec-fetch-site": "none"},
        {"origin": "http://127.0.0.1:9200"},
        {"origin": "null"},
        {},
    ],
)
async def test_a_request_that_another_site_made_is_refused(world: World, headers: dict[str, str]):
    await world.sign_in()
    for path in ("/", "/sign-in", "/sign-out", "/language"):
        assert (await world.client.post(path, headers=headers)).status_code == 403
    assert (await world.client.get("/")).text == "hello mod-a"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:9100", "127.0.0.1.evil.example", "localhost.", "0.0.0.0", ""]
)
async def test_a_name_that_is_pointed_at_us_gets_no_page(world: World, host: str):
    await world.sign_in()
    for path in ("/", "/sign-in", "/static/leak.css", "/nowhere"):
        answer = await world.client.get(path, headers={"host": host})
        assert answer.status_code == 421
        assert "hello" not in answer.text
    refused = await world.client.post("/", headers={**OURS, "host": host})
    assert refused.status_code == 421
    assert "Not under this name" in refused.text
    assert refused.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "hosts", [[], [("host", "127.0.0.1:9100")] * 2, [("host", "127.0.0.1"), ("host", "evil.example")]]
)
async def test_a_request_without_a_name_or_with_two_is_refused(world: World, hosts: list[tuple[str, str]]):
    scope = {"type": "http", "method": "GET", "path": "/sign-in", "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in hosts]
    sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await world.console.app([])(scope, None, send)
    assert sent[0]["status"] == 400


async def test_a_loopback_console_answers_to_every_loopback_name_on_any_port(world: World):
    for host in ("localhost", "127.0.0.1:8200", "[::1]:9100", "LOCALHOST:9100"):
        assert (await world.client.get("/sign-in", headers={"host": host})).status_code == 200


async def test_a_public_console_answers_to_its_own_name_alone(world: World):
    console = console_of(world.database, world.clock, world.kept, "https://moderation.example.org")
    async with client_of(console) as client:
        assert (await client.get("/sign-in")).status_code == 200
        assert (await client.get("/sign-in", headers={"host": "localhost"})).status_code == 421
        french = await client.get("/", headers={"host": "evil.example", "accept-language": "fr"})
    assert "Pas sous ce nom" in french.text


async def test_a_browser_without_sec_fetch_site_is_known_by_its_origin(world: World):
    await world.sign_in()
    assert (await world.client.post("/", headers={"origin": URL})).text == "hello mod-a"


async def test_a_session_nobody_uses_ends(world: World):
    await world.sign_in()
    world.clock.forward(seconds=599)
    assert (await world.client.get("/")).status_code == 200
    world.clock.forward(seconds=599)
    assert (await world.client.get("/")).status_code == 200
    world.clock.forward(seconds=601)
    assert (await world.client.get("/")).status_code == 303


async def test_a_session_in_use_ends_too(world: World):
    await world.sign_in()
    for _ in range(7):
        world.clock.forward(seconds=500)
        assert (await world.client.get("/")).status_code == 200
    world.clock.forward(seconds=500)
    assert (await world.client.get("/")).status_code == 303


async def test_what_a_page_does_by_itself_keeps_no_session_alive(world: World):
    await world.sign_in()
    world.clock.forward(seconds=400)
    assert (await world.client.post("/beat", headers=OURS)).status_code == 200
    world.clock.forward(seconds=400)
    assert (await world.client.post("/beat", headers=OURS)).status_code == 401


@pytest.mark.parametrize("change", ["disable", "reset"])
async def test_a_changed_account_is_out_at_once(world: World, change: str):
    await world.sign_in()
    accounts = world.console.accounts
    await (accounts.disable("mod-a") if change == "disable" else accounts.reset("mod-a", "another horse entirely"))
    assert (await world.client.get("/")).status_code == 303


async def test_a_reset_account_signs_in_with_its_new_password_alone(world: World):
    await world.console.accounts.disable("mod-a")
    await world.console.accounts.reset("mod-a", "another horse entirely")
    assert (await world.sign_in()).status_code == 401
    assert (await world.sign_in(password="another horse entirely")).status_code == 303


async def test_a_body_that_is_too_large_or_has_no_length_is_refused(world: World):
    await world.sign_in()
    assert (await world.client.post("/", content=b"x" * 70_000, headers=OURS)).status_code == 413

    async def chunks():
        yield b"x"

    assert (await world.client.post("/", content=chunks(), headers=OURS)).status_code == 411


async def test_every_answer_bears_the_strict_headers_errors_too(world: World):
    await world.sign_in()
    paths = ("/", "/sign-in", "/nowhere", "/broken", "/static/nothing.css")
    for answer in [await world.client.get(path) for path in paths] + [await world.client.post("/")]:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_an_error_page_shows_nothing_of_the_error(world: World):
    await world.sign_in()
    broken = await world.client.get("/broken")
    assert broken.status_code == 500
    assert "anna" not in broken.text


async def test_the_stylesheet_comes_from_here_and_is_kept_under_its_digest(world: World):
    page = (await world.client.get("/sign-in")).text
    href = page.split('href="')[1].split('"')[0]
    answer = await world.client.get(href)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert "http" not in page.replace("http-equiv", "")


async def test_the_visitor_chooses_the_language_and_is_led_nowhere_else(world: World):
    form = {"language": "fr", "back": "/sign-in"}
    answer = await world.client.post("/language", data=form, headers=OURS)
    assert answer.headers["location"] == "/sign-in"
    assert "Se connecter" in (await world.client.get("/sign-in")).text
    for back in ("//evil.example", "/\\evil.example", "https://evil.example", ""):
        led = await world.client.post("/language", data=form | {"back": back}, headers=OURS)
        assert led.headers["location"] == "/"


async def test_a_browsers_language_is_used_until_one_is_chosen(world: World):
    page: httpx.Response = await world.client.get("/sign-in", headers={"accept-language": "fr-CH, en;q=0.5"})
    assert 'lang="fr"' in page.text
