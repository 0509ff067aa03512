"""The auditors' console: what each page says, what it refuses, in both languages, without script."""

import json
import re
from datetime import timedelta

import httpx
import pytest

from deploy.setup import keys as setup
from services.audit import domain
from services.audit.verify import check_answer, public_keys
from shared.digests import to_base64url
from shared.seals.contents import Threat
from shared.seals.purposes import THREAT
from shared.seals.sealing import Sealer
from tests.component.audit.conftest import PAPER, World
from tests.support import keys
from tests.support.audit import SENDER


async def entered(browser: httpx.AsyncClient, leak_id: str, *fields: str) -> httpx.Response:
    """The whole form as its last page sends it."""
    form = {**PAPER, "leak_id": leak_id, "fields": fields or ("ip",), "step": "3", "go": "on", "confirmed": "yes"}
    return await browser.post("/orders/new", data=form)


async def armed(browser: httpx.AsyncClient, number: int = 1) -> dict[str, str]:
    """What the page that opens an order sends when its box is ticked."""
    page = (await browser.get(f"/orders/{number}/open")).text
    return {"confirmed": "yes", "after": page.split('name="after" value="')[1].split('"')[0]}


async def opened(browser: httpx.AsyncClient, number: int = 1) -> httpx.Response:
    return await browser.post(f"/orders/{number}/open", data=await armed(browser, number))


async def test_a_stranger_sees_the_sign_in_and_nothing_else(world: World) -> None:
    async with world.browser() as stranger:
        for path in ("/", "/orders/new", "/orders/1", "/orders/1/open", "/log", "/threats", "/threats/" + "ab" * 16):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert (await stranger.post("/orders/1/open", data={"confirmed": "yes"})).status_code == 401


async def test_a_moderators_role_is_not_let_in(world: World) -> None:
    async with world.browser() as browser:
        await world.here.console.accounts.add("mona", "moderator", "correct horse battery staple")
        await browser.post("/sign-in", data={"name": "mona", "password": "correct horse battery staple"})
        assert (await browser.get("/")).status_code == 403


async def test_another_sites_form_changes_nothing(world: World) -> None:
    order = await world.approved()
    async with world.browser("ada") as ada:
        for site in ("cross-site", "same-site"):
            answer = await ada.post(
                f"/orders/{order.number}/open", data={"confirmed": "yes"}, headers={"sec-fetch-site": site}
            )
            assert answer.status_code == 403
    assert "order.opened" not in await world.acts()


async def test_pages_are_closed_to_other_sites_caches_and_scripts(world: World) -> None:
    async with world.browser("ada") as ada:
        answer = await ada.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert not re.findall(r"(?:src|href)=.https?:", answer.text)


async def test_wrong_name_and_wrong_password_get_the_same_page(world: World) -> None:
    async with world.browser("ada") as browser:
        await browser.post("/sign-out")
        wrong = await browser.post("/sign-in", data={"name": "ada", "password": "not this one, no"})
        nobody = await browser.post("/sign-in", data={"name": "zoltan", "password": "not this one, no"})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.text.replace("ada", "") == nobody.text.replace("zoltan", "")


async def test_two_auditors_carry_an_order_to_its_answer(world: World) -> None:
    async with world.browser("ada") as ada, world.browser("ben") as ben:
        await entered(ada, await world.leak(), "ip", "time")
        await ben.post("/orders/1/approve", data={"fields": ["ip", "time"], "confirmed": "yes"})
        answer = await opened(ada)
        assert answer.headers["content-disposition"] == 'attachment; filename="leak-answer-order-1.json"'
        assert answer.headers["cache-control"] == "no-store"
        assert world.answer(answer.content)["records"][0]["port"] == 51234
        await ben.post("/orders/1/close", data={"said": "to the clerk, by hand", "confirmed": "yes"})
        page = (await ada.get("/orders/1")).text
    assert "203.0.113.7" not in page
    assert "Closed" in page
    assert await world.acts() == ["order.entered", "order.approved", "order.opened", "order.closed"]


async def test_one_page_opens_once_and_then_asks_again(world: World) -> None:
    await world.approved()
    async with world.browser("ada") as ada:
        form = await armed(ada)
        assert (await ada.post("/orders/1/open", data=form)).status_code == 200
        again = await ada.post("/orders/1/open", data=form)
        assert again.status_code == 409
        assert "this page was used already" in again.text
        assert 'name="confirmed" value="yes" required>' in again.text
        assert (await opened(ada)).status_code == 200
    assert (await world.acts()).count("order.opened") == 2


@pytest.mark.parametrize("action", domain.ACTIONS)
async def test_only_the_page_that_opens_has_a_script(world: World, action: str) -> None:
    order = await world.approved()
    async with world.browser("ben") as ben:
        page = (await ben.get(f"/orders/{order.number}/{action}")).text
    assert ("<script" in page) == (action == "open")


async def test_a_step_page_says_why_somebody_may_not_and_offers_no_button(world: World) -> None:
    order = await world.order()
    async with world.browser("ada") as ada:
        page = (await ada.get(f"/orders/{order.number}/approve")).text
        assert "You entered this order. Somebody else must approve it." in page
        assert f'action="/orders/{order.number}/approve"' not in page
        answer = await ada.post(f"/orders/{order.number}/approve", data={"fields": "ip", "confirmed": "yes"})
    assert answer.status_code == 409
    assert await world.acts() == ["order.entered", "attempt.refused"]


@pytest.mark.parametrize("action", domain.ACTIONS)
async def test_every_step_page_says_what_it_does_what_stays_who_may_and_what_is_missing(
    world: World, action: str
) -> None:
    order = await world.order()
    async with world.browser("ben") as ben:
        page = (await ben.get(f"/orders/{order.number}/{action}")).text
    for said in ("What this does", "What can&#39;t be undone", "Who may do it", "What is still missing"):
        assert said in page


@pytest.mark.parametrize("action", domain.ACTIONS)
async def test_nothing_is_done_before_it_is_confirmed(world: World, action: str) -> None:
    order = await world.order() if action in {"approve", "refuse"} else await world.approved()
    if action == "close":
        await world.desk.open("ada", order.number)
    before = await world.acts()
    async with world.browser("ben") as ben:
        answer = await ben.post(f"/orders/{order.number}/{action}", data={"said": "words", "fields": "ip"})
    assert answer.status_code == 422
    assert await world.acts() == before


@pytest.mark.parametrize("action", ["refuse", "close"])
async def test_an_end_needs_words(world: World, action: str) -> None:
    order = await world.approved()
    await world.desk.open("ada", order.number) if action == "close" else None
    before = await world.acts()
    async with world.browser("ben") as ben:
        answer = await ben.post(f"/orders/{order.number}/{action}", data={"said": "  ", "confirmed": "yes"})
    assert answer.status_code == 422
    assert await world.acts() == before


async def test_the_queue_is_in_the_order_of_deadlines(world: World) -> None:
    await world.order(reference="slow")
    await world.order(reference="fast", urgency="emergency")
    async with world.browser("ada") as ada:
        page = (await ada.get("/")).text
    assert page.index("fast") < page.index("slow")
    assert "8 h left to answer" in page


async def test_what_was_typed_is_shown_as_text(world: World) -> None:
    await world.order(reference="<script>alert(1)</script>")
    async with world.browser("ada") as ada:
        for path in ("/", "/orders/1", "/log"):
            assert "<script>" not in (await ada.get(path)).text


async def test_an_emergency_is_above_everything_until_somebody_settles_it(world: World) -> None:
    leak_id = await world.leak()
    await world.read(world.escalated(leak_id, "I will hurt <you>"))
    async with world.browser("ada") as ada:
        assert "Threat to life or safety" in (await ada.get("/")).text
        assert "I will hurt" not in (await ada.get(f"/threats/{leak_id}")).text
        for path in ("/threats", f"/threats/{leak_id}"):
            assert "Seen as" not in (await ada.get(path)).text
        read = (await ada.post(f"/threats/{leak_id}/read")).text
        assert "I will hurt &lt;you&gt;" in read
        assert "Seen as: <strong>threat</strong>" in read
        assert (await ada.post(f"/threats/{leak_id}/settle", data={"note": ""})).status_code == 422
        await ada.post(f"/threats/{leak_id}/settle", data={"note": "17 called at 12:05"})
        assert "Threat to life or safety" not in (await ada.get("/")).text
    assert await world.acts() == ["threat.opened", "threat.settled"]
    assert "I will hurt" not in await world.stored()


async def test_a_threat_that_moderation_did_not_seal_does_not_open(world: World) -> None:
    leak_id = "ab" * 16
    forger = Sealer("moderation", world.settings.keys("log"), world.settings.keyring(), now=world.clock)
    sealed = forger.seal(THREAT, leak_id, Threat(text="forged", policy="threat"))
    await world.read(world.escalated(leak_id).model_copy(update={"sealed_threat": sealed}))
    async with world.browser("ada") as ada:
        answer = await ada.post(f"/threats/{leak_id}/read")
    assert answer.status_code == 409
    assert "forged" not in answer.text


async def test_a_threat_or_order_that_is_not_there_is_not_found(world: World) -> None:
    async with world.browser("ada") as ada:
        for path in ("/threats/" + "ab" * 16, "/orders/9", "/orders/9/open", "/orders/x", "/orders/1/burn"):
            assert (await ada.get(path)).status_code == 404
        assert (await ada.post("/threats/" + "ab" * 16 + "/settle", data={"note": "x"})).status_code == 404
    assert await world.acts() == []


async def test_the_log_is_shown_a_page_at_a_time(world: World) -> None:
    for number in range(60):
        await world.here.threats.settle("ada", f"{number:032x}", f"note {number}.")
    async with world.browser("ada") as ada:
        first = (await ada.get("/log")).text
        older = (await ada.get("/log?before=11")).text
    assert "note 59." in first
    assert 'href="/log?before=11"' in first
    assert "note 9." in older
    assert "note 59." not in older


async def test_every_page_reads_in_french(world: World) -> None:
    leak_id = await world.leak()
    await world.read(world.escalated(leak_id))
    await world.read(world.delivered(leak_id))
    order = await world.order(leak_id=leak_id)
    async with world.browser("ada") as ada:
        steps = [f"/orders/{order.number}/{action}" for action in domain.ACTIONS]
        for path in ("/", "/orders/new", f"/orders/{order.number}", *steps, "/log", "/threats", f"/threats/{leak_id}"):
            answer = await ada.get(path, headers={"accept-language": "fr"})
            assert answer.status_code == 200
            assert '<html lang="fr">' in answer.text


async def test_an_answer_holds_no_address_that_was_not_granted(world: World) -> None:
    async with world.browser("ada") as ada, world.browser("ben") as ben:
        await entered(ada, await world.leak(), "ip", "sender")
        await ben.post("/orders/1/approve", data={"fields": ["ip"], "confirmed": "yes"})
        answer = await opened(ben)
    assert SENDER not in json.dumps(answer.json())


async def test_an_opening_that_failed_is_explained_in_the_log(world: World) -> None:
    mine, other = await world.leak(), await world.leak()
    stolen = await world.document(other)
    await world.database["origins"].update_one({"_id": mine}, {"$set": {"sealed_origin": stolen["sealed_origin"]}})
    order = await world.approved("ip", leak_id=mine)
    async with world.browser("ada") as ada:
        answer = await opened(ada, order.number)
        assert answer.status_code == 409
        assert "The sealed record does not open." in answer.text
        assert "The gateway did not sign this record for this leak." in (await ada.get("/log")).text


async def test_the_log_page_shows_older_keys_of_answers_beside_the_one_in_use(own_keys: World) -> None:
    order = await own_keys.approved("ip")
    raw = await own_keys.desk.open("ada", order.number)
    [old] = public_keys(own_keys.settings, "answer").keys
    keys.rotate(own_keys.folder, "audit", "answer", own_keys.clock.now)
    own_keys.clock.forward(minutes=1)
    later = own_keys.restarted()
    async with later.browser("ada") as ada:
        page = (await ada.get("/log")).text
    new, _ = public_keys(later.settings, "answer").keys
    assert page.index(to_base64url(new.material)) < page.index(to_base64url(old.material))
    assert check_answer(raw, old.material)["signing_key"] == old.id
    assert later.answer(await later.desk.open("ada", order.number))["signing_key"] == new.id


@pytest.mark.parametrize("name", ["answer", "log"])
async def test_nothing_is_opened_while_no_key_may_sign(own_keys: World, name: str) -> None:
    order = await own_keys.approved("ip")
    [key] = own_keys.settings.keys(name)().keys
    own_keys.clock.forward(minutes=1)
    now = own_keys.clock.now
    setup.revoke(own_keys.folder, "audit", name, key.id, since=now, now=now, pause=timedelta(minutes=2))
    later = own_keys.restarted()
    async with later.browser("ada") as ada:
        path, form = f"/orders/{order.number}/open", await armed(ada, order.number)
        assert (await ada.post(path, data=form)).status_code == 503
        assert await later.acts() == ["order.entered", "order.approved"]
        later.clock.forward(minutes=3)
        assert (await ada.post(path, data=form)).status_code == 200
