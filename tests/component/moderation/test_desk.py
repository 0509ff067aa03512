"""What moderators do, and what they can't."""

import asyncio
from datetime import timedelta

import pytest

from shared.events.decisions import ThreatEscalated
from shared.seals import purposes
from tests.component.moderation.conftest import DELAY_S, OURS, RECIPIENT, Moderator, World
from tests.support.fakes.clock import NOON

REASONS = "It threatens somebody."


async def held(world: World, moderator: Moderator, message: str = "hold this") -> str:
    """The path of a fresh held leak that the moderator has taken."""
    await world.decide(message)
    return await moderator.take_next()


async def test_nobody_unsigned_sees_or_decides_anything(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    async with world.browser() as stranger:
        for path in ("/", case, f"{case}?show", f"{case}/reject", f"{case}/escalate", "/reports"):
            assert (await stranger.get(path)).headers["location"] == "/sign-in"
        for path in ("/next", *(f"{case}/{verb}" for verb in ("claim", "approve", "reject", "escalate", "beat"))):
            assert (await stranger.post(path, data={"fence": "1"})).status_code == 401
    assert world.sent() == []


async def test_a_form_that_another_site_sends_decides_nothing(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    form = {"fence": await mod_a.fence(case)}
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert (await mod_a.browser.post(f"{case}/approve", data=form, headers=elsewhere)).status_code == 403
    assert world.sent() == []


async def test_what_was_not_shown_to_its_moderator_is_not_approved(world: World, mod_a: Moderator):
    await world.decide("hold this")
    case = await mod_a.take_next()
    fence = (await mod_a.see(case)).split('name="fence" value="')[1].split('"')[0]
    assert (await mod_a.browser.post(f"{case}/approve", data={"fence": fence})).status_code == 409
    # Shown under an earlier claim is not shown.
    await mod_a.see(f"{case}?show")
    await mod_a.act(case, "release")
    await mod_a.take_next()
    fence = str(int(fence) + 1)
    assert (await mod_a.browser.post(f"{case}/approve", data={"fence": fence})).status_code == 409
    assert [told["outcome"] for told in world.sent()] == []


async def test_a_decided_case_says_that_its_words_are_erased(world: World, mod_a: Moderator):
    await world.decide("hold this")
    case = await mod_a.take_next()
    await mod_a.act(case, "approve")
    page = await mod_a.see(case)
    assert "are erased" in page
    assert "No rule marked" not in page


async def test_an_ended_session_decides_nothing(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    form = {"fence": await mod_a.fence(case)}
    world.clock.forward(hours=1)
    answer = await mod_a.browser.post(f"{case}/approve", data=form)
    assert answer.status_code == 401
    assert world.sent() == []


async def test_an_approval_sends_the_letter_after_the_delay_and_keeps_none_of_it(world: World, mod_a: Moderator):
    leak, _ = await world.decide("hold this")
    case = await mod_a.take_next()
    assert (await mod_a.act(case, "approve")).headers["location"] == "/?done=approved"
    [told] = world.sent()
    assert (told["outcome"], told["revision"], told["automated"]) == ("approved", 2, False)
    assert (told["sealed_message"], told["sealed_recipient"]) == (leak.sealed_message, leak.sealed_recipient)
    assert told["deliver_at"].startswith(f"{NOON + timedelta(seconds=DELAY_S):%Y-%m-%dT%H:%M}:00")
    assert leak.sealed_message not in await world.stored()


async def test_a_rejection_tells_the_sender_the_reasons_as_edited(world: World, mod_a: Moderator):
    leak, _ = await world.decide("hold this", language="fr")
    case = await mod_a.take_next()
    answer = await mod_a.act(case, "reject", policy="threat", statement=f"  {REASONS}\r\nSorry. ")
    assert answer.headers["location"] == "/?done=rejected"
    [told] = world.sent()
    assert (told["outcome"], told["automated"]) == ("rejected", False)
    reasons = world.receipt.read(leak.leak_id, told["sealed_note"])
    assert reasons["reasons"] == f"{REASONS}\nSorry."
    assert (reasons["automated"], reasons["language"]) == (False, "fr")


async def test_the_reasons_are_prefilled_in_the_language_of_the_mail(world: World, mod_a: Moderator):
    await world.decide("hold this", language="fr")
    case = await mod_a.take_next()
    page = await mod_a.see(f"{case}/reject?policy=threat")
    assert "message menace" in page.split("<textarea")[1].split("</textarea>")[0]


@pytest.mark.parametrize(
    "form",
    [
        {"policy": "", "statement": REASONS},
        {"policy": "no-such-policy", "statement": REASONS},
        {"statement": REASONS},
        {"policy": "threat", "statement": "   "},
        {"policy": "threat", "statement": "x" * 2_001},
    ],
)
async def test_a_rejection_without_policy_or_reasons_is_refused(
    world: World,
    mod_a: Moderator,
    form: dict[str, str],
):
    case = await held(world, mod_a)
    answer = await mod_a.act(case, "reject", **form)
    assert answer.status_code == 400
    assert "aria-invalid" in answer.text
    assert world.sent() == []


async def test_two_people_never_hold_the_same_leak(world: World, mod_a: Moderator, mod_b: Moderator):
    case = await held(world, mod_a)
    refused = await mod_b.browser.post(f"{case}/claim", data={})
    assert refused.status_code == 409
    assert "Too late" in refused.text
    assert await mod_b.take_next() == "/?done=nothing"
    assert "Show the message" not in await mod_b.see(case)


async def test_of_two_who_grab_at_once_one_gets_it(world: World, mod_a: Moderator, mod_b: Moderator):
    for _ in range(5):
        await world.decide("hold this")
    taken = await asyncio.gather(*(one.take_next() for one in (mod_a, mod_b)))
    assert len(set(taken)) == 2
    case = next(path for path in taken)
    answers = await asyncio.gather(*(one.browser.post(f"{case}/claim", data={}) for one in (mod_a, mod_b)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]


async def test_a_late_decision_is_refused_and_says_so(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    fence = await mod_a.fence(case)
    world.clock.forward(seconds=601)
    late = await mod_a.act(case, "approve", fence=fence)
    assert late.status_code == 409
    assert "Your claim on this leak ended" in late.text
    assert world.sent() == []


async def test_a_decision_under_an_older_claim_is_refused(world: World, mod_a: Moderator, mod_b: Moderator):
    case = await held(world, mod_a)
    fence = await mod_a.fence(case)
    world.clock.forward(seconds=601)
    assert (await mod_b.browser.post(f"{case}/claim", data={})).status_code == 303
    assert (await mod_a.act(case, "approve", fence=fence)).status_code == 409
    world.clock.forward(seconds=601)
    await mod_a.browser.post(f"{case}/claim", data={})
    assert (await mod_a.act(case, "approve", fence=fence)).status_code == 409
    assert (await mod_a.act(case, "approve")).status_code == 303


async def test_a_beat_keeps_the_claim_and_a_lost_claim_is_told(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    fence = await mod_a.fence(case)
    for _ in range(2):
        world.clock.forward(seconds=350)
        assert (await mod_a.act(case, "beat", fence=fence)).status_code == 204
    world.clock.forward(seconds=601)
    assert (await mod_a.act(case, "beat", fence=fence)).status_code == 409


async def test_what_is_given_back_is_free_at_once(world: World, mod_a: Moderator, mod_b: Moderator):
    case = await held(world, mod_a)
    await mod_a.act(case, "release")
    assert await mod_b.take_next() == case


async def test_a_decision_is_made_once_however_often_it_is_pressed(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    fence = await mod_a.fence(case)
    answers = await asyncio.gather(*(mod_a.act(case, "approve", fence=fence) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
    assert len({told["revision"] for told in world.sent()}) == 1


async def test_a_withdrawn_leak_can_not_be_decided(world: World, mod_a: Moderator):
    leak, _ = await world.decide("hold this")
    case = await mod_a.take_next()
    fence = await mod_a.fence(case)
    await world.tell(world.cancelled(leak))
    assert (await mod_a.act(case, "approve", fence=fence)).status_code == 409
    assert world.sent() == []


async def test_a_decided_leak_can_not_be_withdrawn(world: World, mod_a: Moderator):
    leak, _ = await world.decide("hold this")
    await mod_a.act(await mod_a.take_next(), "approve")
    assert await world.tell(world.cancelled(leak)) == []


async def test_a_decision_that_kafka_did_not_take_is_published_by_the_sweeper(world: World, mod_a: Moderator):
    case = await held(world, mod_a)
    world.publisher.away = True
    assert (await mod_a.act(case, "approve")).headers["location"] == "/?done=approved"
    assert world.sent() == []
    world.publisher.away = False
    await world.work("outbox")
    assert [told["outcome"] for told in world.sent()] == ["approved"]
    await world.work("outbox")
    assert len(world.sent()) == 1


async def test_a_threat_to_life_goes_to_audit_and_the_leak_is_never_approved(world: World, mod_a: Moderator):
    leak, _ = await world.decide("hold this terrible thing")
    case = await mod_a.take_next()
    assert (await mod_a.act(case, "escalate", policy="")).status_code == 400
    assert (await mod_a.act(case, "escalate", policy="threat")).headers["location"] == case
    event = ThreatEscalated.model_validate(world.sent()[0])
    threat = world.audit.open(purposes.THREAT, leak.leak_id, event.sealed_threat)
    assert (threat.text, threat.policy) == ("hold this terrible thing", "threat")
    await mod_a.act(case, "escalate", policy="threat")
    assert len(world.sent()) == 1
    assert (await mod_a.act(case, "approve")).status_code == 409
    assert (await mod_a.act(case, "reject", policy="threat", statement=REASONS)).status_code == 303
    assert [told.get("outcome") for told in world.sent()] == [None, "rejected"]


async def test_the_words_are_not_in_the_page_until_they_are_asked_for(
    world: World,
    mod_a: Moderator,
    mod_b: Moderator,
):
    case = await held(world, mod_a, "hold <b>my</b> hand & run")
    assert "my" not in (await mod_a.see(case)).split("<main")[1].split("Show the message")[0]
    assert f"{case}/approve" not in await mod_a.see(case)
    shown = await mod_a.see(f"{case}?show")
    assert "<mark>hold<sup>1</sup></mark> &lt;b&gt;my&lt;/b&gt; hand &amp; run" in shown
    assert f"{case}/approve" in shown
    assert "hand &amp; run" not in await mod_b.see(f"{case}?show")


async def test_nothing_that_identifies_is_in_any_page(world: World, mod_a: Moderator):
    leak, _ = await world.decide("hold this")
    await world.decide("hold that")
    sent, decided = await world.decide("thank you")
    await world.tell(world.reported(world.report_token(decided)))
    case = await mod_a.take_next()
    report = "/reports/" + (await mod_a.see("/reports")).split('href="/reports/')[1].split('"')[0]
    paths = ("/", case, f"{case}?show", f"{case}/reject", f"{case}/escalate", "/reports", report, f"{report}?show")
    for path in paths:
        page = await mod_a.see(path)
        for secret in (
            RECIPIENT,
            leak.leak_id,
            sent.leak_id,
            leak.sealed_recipient,
            leak.sealed_message,
            "b" * 64,
            "c" * 64,
            "d" * 64,
            "127.0.0",
        ):
            assert secret not in page, path


async def test_a_recipient_has_another_name_in_each_case_and_a_history_of_counts(world: World, mod_a: Moderator):
    await world.decide("reject this")
    first = await held(world, mod_a)
    page = await mod_a.see(first)
    await mod_a.act(first, "approve")
    second = await held(world, mod_a)
    other = await mod_a.see(second)
    name = page.split('Recipient <span class="mono">')[1].split("<")[0]
    assert name not in other
    assert "<dt>Earlier leaks rejected</dt><dd>1</dd>" in other
    assert "<dt>Other leaks held now</dt><dd>0</dd>" in other


async def test_the_most_urgent_comes_first(world: World, mod_a: Moderator):
    await world.decide("hold this")
    world.clock.forward(minutes=20)
    await world.decide("stumble")
    await world.decide("hold that")
    page = await mod_a.see("/")
    titles = [piece.split("</a>")[0].split(">")[1] for piece in page.split('<td><a href="/cases/')[1:]]
    assert titles[0] == "Harassment"
    assert "<dt>Waiting</dt><dd>3</dd>" in page


async def test_a_leak_in_hand_does_not_wait(world: World, mod_a: Moderator):
    await world.decide("hold this")
    await world.decide("hold that")
    await mod_a.take_next()
    page = await mod_a.see("/")
    assert "<dt>Waiting</dt><dd>1</dd>" in page
    assert "<dt>In hand</dt><dd>1</dd>" in page


async def test_a_case_that_is_not_there_is_a_page(mod_a: Moderator):
    assert (await mod_a.browser.get(f"/cases/{'0' * 32}")).status_code == 404
    assert (await mod_a.browser.post(f"/cases/{'0' * 32}/approve", data={"fence": "1"})).status_code == 404
    assert (await mod_a.browser.post(f"/cases/{'0' * 32}/approve", data={"fence": "x"})).status_code == 400
    assert (await mod_a.browser.get("/nowhere", headers=OURS)).status_code == 404
