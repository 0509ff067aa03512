"""From submitted to confirmed, expired or withdrawn: each event once, twice, and in the other order."""

import asyncio

import pytest

from shared.events.confirmations import SenderChallenged
from shared.events.dead import DeadLetter
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from shared.runtime.errors import Transient
from tests.component.verifier.conftest import World, attempt


async def test_a_click_confirms_and_passes_the_leak_on_without_its_sender(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    assert mail["address"] == "anna@example.org"
    [told] = await world.tell(world.clicked(mail["confirm_token"]))
    assert isinstance(told, LeakConfirmed)
    assert (told.leak_id, told.sealed_message, told.sealed_recipient) == (
        leak.leak_id,
        leak.sealed_message,
        leak.sealed_recipient,
    )
    assert leak.sealed_sender not in told.model_dump_json()


async def test_the_challenge_does_not_name_the_leak(world: World):
    leak = world.submitted()
    [challenge] = await world.tell(leak)
    assert leak.leak_id not in challenge.model_dump_json()
    assert leak.leak_id not in str(world.mailed(challenge))


async def test_a_repeat_of_a_submission_tells_the_same_challenge_byte_for_byte(world: World):
    leak = world.submitted()
    first = await world.tell(leak)
    world.clock.forward(minutes=5)
    assert await world.tell(leak) == first
    assert await world.tell(leak, leak) == first


async def test_a_repeat_of_a_click_tells_the_same_confirmation(world: World):
    mail = await world.challenge(world.submitted())
    first = await world.tell(world.clicked(mail["confirm_token"]))
    world.clock.forward(minutes=5)
    assert await world.tell(world.clicked(mail["confirm_token"])) == first
    world.clock.forward(days=2)
    assert await world.tell(world.clicked(mail["confirm_token"])) == []


async def test_a_strangers_token_changes_nothing_and_its_batch_goes_on(world: World):
    mail = await world.challenge(world.submitted())
    told = await world.tell(world.clicked("A" * 22), world.clicked(mail["confirm_token"]))
    assert [type(event) for event in told] == [LeakConfirmed]


async def test_a_stop_token_confirms_nothing(world: World):
    mail = await world.challenge(world.submitted())
    assert await world.tell(world.clicked(mail["stop_token"])) == []


async def test_what_nobody_confirms_expires_and_leaves_nothing_of_the_leak(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    assert await world.sweep() == []
    world.clock.forward(days=1, minutes=2)
    [told] = await world.sweep()
    assert isinstance(told, LeakExpired)
    assert told.expired_at == leak.confirm_before
    stored = await world.stored()
    assert leak.sealed_message not in stored
    assert leak.sealed_recipient not in stored
    assert await world.tell(world.clicked(mail["confirm_token"])) == []


async def test_a_submission_repeated_after_it_expired_is_told_expired_again(world: World):
    leak = world.submitted()
    await world.challenge(leak)
    world.clock.forward(days=1, minutes=2)
    told = await world.sweep()
    assert await world.tell(leak) == told
    await world.sweep()
    assert leak.sealed_message not in await world.stored()


async def test_a_late_click_changes_nothing_even_before_the_sweep(world: World):
    mail = await world.challenge(world.submitted())
    world.clock.forward(days=1, seconds=1)
    assert await world.tell(world.clicked(mail["confirm_token"])) == []


async def test_a_click_in_time_that_is_read_late_confirms(world: World):
    mail = await world.challenge(world.submitted())
    click = world.clicked(mail["confirm_token"])
    world.clock.forward(days=3)
    assert [type(event) for event in await world.tell(click)] == [LeakConfirmed]


async def test_expiry_waits_until_clicks_are_read(world: World):
    await world.challenge(world.submitted())
    world.clock.forward(days=3)

    async def unread(_model: object) -> None:
        raise Transient("clicks are unread")

    world.service.caught_up = unread
    with pytest.raises(Transient):
        await world.sweep()
    assert world.publisher.of(LeakExpired) == []


async def test_a_confirmed_leak_does_not_expire_and_is_erased_on_schedule(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    await world.tell(world.clicked(mail["confirm_token"]))
    world.clock.forward(days=1, minutes=2)
    assert await world.sweep() == []
    assert leak.sealed_message not in await world.stored()


async def test_outcomes_die_on_schedule_and_leave_nothing(world: World):
    await world.challenge(world.submitted())
    world.clock.forward(days=1, minutes=2)
    await world.sweep()
    assert await world.stored() != "[]"
    world.clock.forward(days=31)
    await world.sweep()
    assert await world.stored() == "[]"


async def test_a_cancel_withdraws_what_waits_and_a_repeat_tells_it_again(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    first = await world.tell(world.cancelled(leak))
    assert [(type(event), event.reason) for event in first] == [(LeakWithdrawn, "cancelled")]
    assert leak.sealed_message not in await world.stored()
    assert await world.tell(world.cancelled(leak)) == first
    assert await world.tell(world.clicked(mail["confirm_token"])) == []


async def test_a_cancel_that_comes_first_wins_when_the_leak_arrives(world: World):
    leak = world.submitted()
    assert await world.tell(world.cancelled(leak)) == []
    told = await world.tell(leak)
    assert [(type(event), event.reason) for event in told] == [(LeakWithdrawn, "cancelled")]
    assert await world.tell(leak) == told
    assert leak.sealed_message not in await world.stored()


async def test_a_cancel_after_the_confirmation_is_somebody_elses(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    await world.tell(world.clicked(mail["confirm_token"]))
    assert await world.tell(world.cancelled(leak)) == []


async def test_a_crash_between_write_and_publish_loses_nothing(world: World):
    leak = world.submitted()
    world.publisher.away = True
    with pytest.raises(Transient):
        await attempt(world.service, leak)
    world.publisher.away = False
    [challenge] = await world.tell(leak)
    click = world.clicked(world.mailed(challenge)["confirm_token"])
    world.publisher.away = True
    with pytest.raises(Transient):
        await attempt(world.service, click)
    world.publisher.away = False
    assert [type(event) for event in await world.tell(click)] == [LeakConfirmed]


async def test_a_sweep_that_died_before_publishing_is_finished_by_the_next(world: World):
    await world.challenge(world.submitted())
    world.clock.forward(days=1, minutes=2)
    world.publisher.away = True
    with pytest.raises(Transient):
        await world.sweep()
    world.publisher.away = False
    assert [type(event) for event in await world.sweep()] == [LeakExpired]
    assert await world.sweep() == []


async def test_an_address_sealed_for_another_leak_dies_alone(world: World):
    good, other = world.submitted(), world.submitted()
    forged = good.model_copy(update={"leak_id": "f" * 32})
    told = await world.tell(good, forged, other)
    assert sorted(type(event).__name__ for event in told) == ["DeadLetter", "SenderChallenged", "SenderChallenged"]
    assert len(world.publisher.of(DeadLetter)) == 1


async def test_two_replicas_at_once_tell_one_outcome(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    cancel, click = world.cancelled(leak), world.clicked(mail["confirm_token"])
    await asyncio.gather(attempt(world.service, cancel), attempt(world.twin(), click))
    await world.tell(cancel)
    await world.tell(click)
    told = [event for event in world.publisher.published if not isinstance(event, SenderChallenged)]
    assert len({event.event_id for event in told}) == 1
