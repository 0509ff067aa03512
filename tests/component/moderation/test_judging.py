"""From confirmed to approved, held, rejected or withdrawn: each event once, twice, and in the other order."""

from datetime import timedelta

import pytest

from services.moderation.names import SEVERITY
from services.moderation.policy.catalogue import catalogue
from shared.events.dead import DeadLetter
from shared.events.decisions import LeakDecided
from shared.runtime.errors import Transient
from tests.component.moderation.conftest import DELAY_S, RECIPIENT, World


async def test_a_kind_leak_is_approved_with_its_letter_still_sealed(world: World):
    leak, told = await world.decide("thank you")
    assert (told.outcome, told.revision, told.automated) == ("approved", 1, True)
    assert (told.sealed_message, told.sealed_recipient) == (
        leak.sealed_message,
        leak.sealed_recipient,
    )
    assert told.deliver_at == told.decided_at + timedelta(seconds=DELAY_S)
    assert (told.decided_at.second, told.decided_at.microsecond) == (0, 0)


async def test_without_a_say_each_approved_leak_waits_a_random_time_within_the_window(world: World):
    world.service = world.twin(delay_max_s=86_400)
    told = [await world.decide("thank you") for _ in range(5)]
    waits = {(event.deliver_at - event.decided_at).total_seconds() for _, event in told if event.deliver_at}
    assert len(waits) == 5
    assert all(0 <= wait <= 86_400 for wait in waits)


async def test_two_replicas_that_get_the_same_leak_tell_one_decision(world: World):
    leak = world.confirmed("hold this")
    first = await world.tell(leak)
    world.service = world.twin()
    world.clock.forward(seconds=3)
    assert await world.tell(leak) == first


async def test_a_rejected_leak_tells_its_sender_alone_why(world: World):
    leak, told = await world.decide("reject this")
    assert (told.outcome, told.sealed_message, told.sealed_recipient) == ("rejected", None, None)
    reasons = world.receipt.read(leak.leak_id, told.sealed_note)
    assert reasons is not None
    assert reasons["policy"] == "threat"
    assert (reasons["policy"], reasons["automated"], reasons["language"]) == ("threat", True, "en")
    assert reasons["reasons"]
    assert "six months" in reasons["redress"]


async def test_the_reasons_are_in_the_language_of_the_mail(world: World):
    leak, told = await world.decide("reject this", language="fr")
    assert "six mois" in world.receipt.read(leak.leak_id, told.sealed_note)["redress"]


async def test_a_held_leak_waits_and_says_so(world: World):
    _, told = await world.decide("hold this")
    assert (told.outcome, told.revision, told.sealed_message) == ("held", 1, None)
    assert world.receipt.read(told.leak_id, told.sealed_note) is None
    assert (await world.database["cases"].find_one())["ending"] == "held"


@pytest.mark.parametrize("message", ["thank you", "hold this", "reject this"])
async def test_a_repeat_tells_what_was_stored_first_under_whatever_rules(world: World, message: str):
    leak, first = await world.decide(message)
    world.rules.version = "rules-2"
    world.clock.forward(hours=1)
    assert await world.tell(leak) == [first]
    assert await world.tell(leak, leak) == [first]
    assert await world.database["outcomes"].count_documents({}) == 1


async def test_a_batch_with_a_repeat_tells_all_of_it(world: World):
    first, _ = await world.decide("thank you")
    told = await world.tell(first, world.confirmed("hold this"), world.confirmed("reject this"))
    assert [event.outcome for event in told if isinstance(event, LeakDecided)] == ["approved", "held", "rejected"]


async def test_a_crash_before_the_publication_loses_nothing(world: World):
    leak = world.confirmed("reject this")
    world.publisher.away = True
    with pytest.raises(Transient):
        await world.tell(leak)
    world.publisher.away = False
    [told] = await world.tell(leak)
    assert isinstance(told, LeakDecided)
    assert (told.outcome, told.revision) == ("rejected", 1)


async def test_a_crash_before_the_case_was_written_is_made_good_by_the_repeat(world: World):
    leak, _ = await world.decide("hold this")
    await world.database["cases"].delete_many({})
    await world.tell(leak)
    assert await world.database["cases"].count_documents({"ending": "held"}) == 1


async def test_while_the_rules_are_broken_everything_waits_and_nothing_is_approved(world: World):
    leak = world.confirmed("thank you")
    world.rules.broken = True
    with pytest.raises(Transient):
        await world.tell(leak)
    assert world.publisher.published == []
    assert await world.database["outcomes"].count_documents({}) == 0
    [(_, check)] = [one for one in world.service.health.checks if one[0] == "its rules"]
    with pytest.raises(Transient):
        await check()
    world.rules.broken = False
    [told] = await world.tell(leak)
    assert isinstance(told, LeakDecided)
    assert told.outcome == "approved"


async def test_one_message_that_the_rules_stumble_over_goes_to_a_person_and_stops_no_other(world: World):
    told = await world.tell(world.confirmed("stumble"), world.confirmed("thank you"))
    assert [event.outcome for event in told if isinstance(event, LeakDecided)] == ["held", "approved"]


async def test_a_message_that_was_not_sealed_to_us_dies_alone(world: World):
    good, other = world.confirmed(), world.confirmed()
    forged = good.model_copy(update={"leak_id": "f" * 32, "sealed_message": other.sealed_message})
    told = await world.tell(forged, good)
    assert [type(event) for event in told] == [DeadLetter, LeakDecided]


async def test_of_an_approved_leak_nothing_is_kept_that_could_be_read(world: World):
    leak, _ = await world.decide("thank you")
    stored = await world.stored()
    assert leak.sealed_message not in stored
    assert leak.sealed_recipient not in stored


async def test_nothing_is_stored_or_told_in_clear(world: World):
    for message in ("thank you dear Zora", "hold dear Zora", "reject dear Zora"):
        await world.decide(message)
    told = "".join(event.model_dump_json() for event in world.publisher.published)
    for text in (await world.stored(), told):
        assert "Zora" not in text
        assert RECIPIENT not in text


async def test_a_cancel_that_comes_first_leaves_a_tombstone(world: World):
    leak = world.confirmed("thank you")
    assert await world.tell(world.cancelled(leak)) == []
    [told] = await world.tell(leak)
    assert isinstance(told, LeakDecided)
    assert (told.outcome, told.sealed_message, told.revision) == ("withdrawn", None, 1)
    assert await world.tell(leak) == [told]


async def test_a_cancelled_leak_that_was_held_is_withdrawn_and_its_words_are_erased(world: World):
    leak, _ = await world.decide("hold this")
    [told] = await world.tell(world.cancelled(leak))
    assert isinstance(told, LeakDecided)
    assert (told.outcome, told.revision, told.automated) == ("withdrawn", 2, False)
    assert leak.sealed_message not in await world.stored()
    world.clock.forward(hours=1)
    assert await world.tell(world.cancelled(leak), world.cancelled(leak)) == [told]


@pytest.mark.parametrize("message", ["thank you", "reject this"])
async def test_a_cancel_after_the_decision_is_not_ours_to_answer(world: World, message: str):
    leak, _ = await world.decide(message)
    assert await world.tell(world.cancelled(leak)) == []


async def test_a_cancel_between_the_two_writes_waits_for_the_case(world: World):
    leak, _ = await world.decide("hold this")
    await world.database["cases"].delete_many({})
    with pytest.raises(Transient):
        await world.tell(world.cancelled(leak))
    await world.tell(leak)
    [told] = await world.tell(world.cancelled(leak))
    assert isinstance(told, LeakDecided)
    assert told.outcome == "withdrawn"


def test_every_policy_has_a_severity():
    assert SEVERITY.keys() == {policy.id for policy in catalogue()}
