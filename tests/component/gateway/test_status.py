"""What a receipt shows, from submitted to the end, and what it never shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.receipts import Receipt
from services.moderation.policy.catalogue import catalogue
from services.moderation.statements import Recipe, Statements, empty_note
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakStopped, LeakSuppressed
from shared.events.leaks import LeakCancelled, LeakConfirmed, LeakWithdrawn
from shared.events.topics import TOPICS
from tests.component.gateway.conftest import World

STATEMENTS = Statements({policy.id: policy for policy in catalogue()})


def note_for(leak_id: str, receipt_key: str) -> str:
    """A note with a statement of reasons as moderation makes it."""
    recipe = Recipe(leak_id, receipt_key, "en", "threat", "It says that you will come.", automated=True)
    return STATEMENTS.sealed(recipe)


def confirmed(leak: dict[str, Any], at: datetime) -> LeakConfirmed:
    return LeakConfirmed.model_validate({**leak["event"], "confirmed_at": at})


def approved(leak: dict[str, Any], at: datetime, deliver_at: datetime) -> LeakDecided:
    event = leak["event"]
    letter = {
        name: event[name]
        for name in (
            "sealed_recipient",
            "sealed_message",
            "relation",
            "kind",
            "language",
        )
    }
    return LeakDecided(
        leak_id=event["leak_id"],
        revision=1,
        outcome="approved",
        decided_at=at,
        automated=True,
        deliver_at=deliver_at,
        sealed_note=empty_note(event["receipt_key"], event["leak_id"]),
        sealed_report_link=event["sealed_message"],
        **letter,
    )


async def test_a_leak_is_shown_through_its_whole_life(world: World):
    leak = await world.accepted()
    now = world.clock.now
    answer = (await world.status(leak["receipt"])).json()
    assert answer["state"] == "awaiting_confirmation"
    assert (answer["leak_id"], answer["can_cancel"]) == (leak["leak_id"], True)
    await world.tell(confirmed(leak, now))
    assert (await world.status(leak["receipt"])).json()["state"] == "in_review"
    await world.tell(approved(leak, now, now + timedelta(minutes=20)))
    assert (await world.status(leak["receipt"])).json()["state"] == "scheduled"
    world.clock.forward(minutes=20)
    answer = (await world.status(leak["receipt"])).json()
    states = [step["state"] for step in answer["timeline"]]
    assert states == ["awaiting_confirmation", "in_review", "scheduled", "closed"]
    assert answer["can_cancel"] is False
    assert "decision" not in answer


async def test_a_repeat_of_an_event_changes_nothing(world: World):
    leak = await world.accepted()
    event = confirmed(leak, world.clock.now)
    await world.tell(event)
    first = (await world.status(leak["receipt"])).content
    await world.tell(event, event)
    assert (await world.status(leak["receipt"])).content == first


def test_a_block_and_a_limit_never_reach_the_gateway():
    assert not [process for process in TOPICS[LeakSuppressed.TOPIC].readers if process.startswith("gateway")]


async def test_a_stopped_senders_leak_looks_like_an_unconfirmed_one(world: World):
    leak, twin = await world.accepted(), await world.accepted()
    event = LeakWithdrawn(leak_id=leak["leak_id"], withdrawn_at=world.clock.now, reason="sender_stopped")
    await world.tell(event)
    for hours in (1, 22, 2, 100):
        world.clock.forward(hours=hours)
        shown = [(await world.status(one["receipt"])).text.replace(one["leak_id"], "") for one in (leak, twin)]
        assert shown[0] == shown[1]
    assert '"expired"' in shown[0]


async def test_a_refused_leak_shows_its_reasons_opened_by_the_receipt(world: World):
    leak = await world.accepted()
    note = note_for(leak["leak_id"], leak["event"]["receipt_key"])
    await world.tell(
        LeakDecided(
            leak_id=leak["leak_id"],
            revision=1,
            outcome="rejected",
            decided_at=world.clock.now,
            automated=True,
            sealed_note=note,
        )
    )
    answer = (await world.status(leak["receipt"])).json()
    assert answer["state"] == "refused"
    decision = answer["decision"]
    assert (decision["policy"], decision["facts"]) == ("threat", "It says that you will come.")
    assert decision["automated"] is True
    assert decision["title"]
    assert decision["redress"]
    assert "you will come" not in await world.stored()


async def test_a_senders_limit_is_told_with_its_reason(world: World):
    leak = await world.accepted()
    await world.tell(LeakWithdrawn(leak_id=leak["leak_id"], withdrawn_at=world.clock.now, reason="sender_limit"))
    answer = (await world.status(leak["receipt"])).json()
    assert (answer["state"], answer["decision"]["policy"]) == ("refused", "sender_limit")


@pytest.mark.parametrize(("asked", "words"), [("fr-CA", "a confirmé aujourd"), ("en", "as many leaks today")])
async def test_a_senders_limit_is_told_in_the_language_of_its_reader(world: World, asked: str, words: str):
    leak = await world.accepted()
    await world.tell(LeakWithdrawn(leak_id=leak["leak_id"], withdrawn_at=world.clock.now, reason="sender_limit"))
    async with world.client() as client:
        client.headers["accept-language"] = asked
        page = await client.post("/status", data={"receipt": leak["receipt"]})
        bearer = {"authorization": f"Bearer {leak['receipt']}"}
        decision = (await client.get("/v1/leaks/mine", headers=bearer)).json()["decision"]
        other = await client.post("/status", data={"receipt": leak["receipt"], "lang": "fr"})
    assert words in page.text
    assert words in decision["facts"]
    assert f'<html lang="{asked[:2]}">' in page.text
    assert "autant de leaks" in other.text


async def test_a_statement_for_another_receipt_is_left_out(world: World):
    leak = await world.accepted()
    other = Receipt.fresh()
    await world.tell(
        LeakDecided(
            leak_id=leak["leak_id"],
            revision=1,
            outcome="rejected",
            decided_at=world.clock.now,
            automated=True,
            sealed_note=note_for(other.leak_id, other.public_key),
        )
    )
    answer = (await world.status(leak["receipt"])).json()
    assert answer["state"] == "refused"
    assert "decision" not in answer


async def test_cancelling_asks_whoever_holds_the_leak(world: World):
    leak = await world.accepted()
    assert (await world.cancel(leak["receipt"])).status_code == 202
    [asked] = world.publisher.of(LeakCancelled)
    assert asked.leak_id == leak["leak_id"]
    assert (await world.status(leak["receipt"])).json()["state"] == "awaiting_confirmation"
    await world.tell(LeakWithdrawn(leak_id=leak["leak_id"], withdrawn_at=world.clock.now, reason="cancelled"))
    assert (await world.status(leak["receipt"])).json()["state"] == "cancelled"


async def test_cancelling_ends_at_the_planned_time_whatever_happened(world: World):
    leak = await world.accepted()
    await world.tell(approved(leak, world.clock.now, world.clock.now + timedelta(minutes=20)))
    world.clock.forward(minutes=20)
    assert (await world.cancel(leak["receipt"])).status_code == 202
    assert not world.publisher.of(LeakCancelled)
    await world.tell(LeakStopped(leak_id=leak["leak_id"], stopped_at=world.clock.now))
    assert (await world.status(leak["receipt"])).json()["state"] == "closed"


async def test_a_cancel_by_the_mailer_before_the_planned_time_is_told(world: World):
    leak = await world.accepted()
    await world.tell(approved(leak, world.clock.now, world.clock.now + timedelta(minutes=20)))
    await world.tell(LeakStopped(leak_id=leak["leak_id"], stopped_at=world.clock.now))
    assert (await world.status(leak["receipt"])).json()["state"] == "cancelled"


async def test_an_unknown_receipt_and_a_mistyped_one_get_the_same_bytes(world: World):
    known = (await world.accepted())["receipt"]
    typo = known[:-1] + ("0" if known[-1] != "0" else "1")
    answers = [await world.status(text) for text in (Receipt.fresh().text, typo, "nonsense", "x" * 500)]
    answers += [await world.cancel(text) for text in (Receipt.fresh().text, typo, "nonsense")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert "a few seconds" in answers[0].json()["detail"]


async def test_without_a_receipt_the_status_asks_for_one(world: World):
    async with world.client() as client:
        for headers in ({}, {"authorization": "Basic YTpi"}, {"authorization": "Bearer"}):
            for method in ("GET", "DELETE"):
                response = await client.request(method, "/v1/leaks/mine", headers=headers)
                assert response.status_code == 401
                assert response.headers["www-authenticate"] == "Bearer"


async def test_a_status_is_forgotten_on_schedule(world: World):
    leak = await world.accepted()
    forget = world.reader.jobs["forget"].work
    world.clock.forward(days=world.settings.status_days - 1)
    await forget()
    assert (await world.status(leak["receipt"])).status_code == 200
    world.clock.forward(days=1, seconds=1)
    await forget()
    assert (await world.status(leak["receipt"])).status_code == 404
    assert leak["leak_id"] not in await world.stored()


async def test_times_are_written_in_utc(world: World):
    leak = await world.accepted()
    answer = (await world.status(leak["receipt"])).json()
    assert answer["confirm_before"] == leak["confirm_before"]
    assert datetime.fromisoformat(answer["timeline"][0]["since"]).tzinfo == UTC
