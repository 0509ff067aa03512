"""What becomes of an approved leak, and of a confirmation mail."""

import asyncio
import re
from datetime import timedelta

import pytest

from services.mailer.domain import Deferred, NotSent, Rejected
from shared.digests import sha256
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.runtime import metrics
from tests.component.mailer.conftest import World, message_id

HARD_PARTS = ("ben@example.org", "anna@example.org", "I like you.", "example.org", "c1c1c1", "s2s2s2")


async def test_an_approved_leak_is_mailed_once_and_its_outcome_published(world: World) -> None:
    leak = world.decided()
    assert await world.deliver(leak) == []
    [published] = await world.send()
    [mail] = world.transport.taken
    assert published == LeakDelivered(
        leak_id=leak.leak_id, delivered_at=world.clock.now, message_id_digest=sha256(message_id(mail))
    )
    assert mail.envelope_to == "ben@example.org"
    assert b"I like you." in mail.data
    assert await world.send() == []


async def test_it_waits_for_its_time(world: World) -> None:
    await world.deliver(world.decided(deliver_at=world.clock.now + timedelta(minutes=20)))
    assert await world.send() == []
    world.clock.forward(minutes=20)
    assert len(await world.send()) == 1


async def test_nothing_at_rest_is_readable_and_content_is_erased_at_the_end(world: World, confirmations: World) -> None:
    await world.deliver(world.decided())
    await confirmations.deliver(confirmations.challenged())
    for one in (world, confirmations):
        stored = await one.stored()
        assert not [part for part in HARD_PARTS if part in stored]
        assert "lk1." in stored
        await one.send()
        stored = await one.stored()
        assert "lk1." not in stored
        assert not [part for part in HARD_PARTS if part in stored]


async def test_a_repeat_publishes_the_stored_outcome_and_sends_nothing(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    [published] = await world.send()
    world.clock.forward(hours=1)
    assert await world.deliver(leak) == [published]
    assert await world.deliver(leak, world.decided(leak_id=leak.leak_id, revision=2)) == [published]
    assert await world.send() == []
    assert len(world.transport.taken) == 1


async def test_two_deliveries_of_an_approval_make_one_mail(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak, leak)
    await world.deliver(leak)
    await world.send()
    assert len(world.transport.taken) == 1


async def test_a_later_decision_withdraws_what_has_not_left(world: World) -> None:
    leak = world.decided(deliver_at=world.clock.now + timedelta(minutes=10))
    await world.deliver(leak)
    await world.deliver(world.decided("held", leak_id=leak.leak_id, revision=2))
    world.clock.forward(minutes=10)
    assert await world.send() == []
    assert "lk1." not in await world.stored()
    assert await world.deliver(leak) == []
    assert await world.send() == []
    await world.deliver(world.decided(leak_id=leak.leak_id, revision=3))
    assert len(await world.send()) == 1


async def test_an_approval_that_comes_after_a_later_refusal_is_not_sent(world: World) -> None:
    leak = world.decided()
    await world.deliver(world.decided("rejected", leak_id=leak.leak_id, revision=2))
    await world.deliver(leak)
    assert await world.send() == []
    assert world.transport.offered == []


async def test_a_cancel_before_the_mail_leaves_withdraws_it(world: World) -> None:
    leak = world.decided(deliver_at=world.clock.now + timedelta(minutes=10))
    await world.deliver(leak)
    assert await world.deliver(world.cancelled(leak.leak_id)) == []
    [published] = await world.send()
    assert published == LeakStopped(leak_id=leak.leak_id, stopped_at=world.clock.now)
    assert await world.deliver(world.cancelled(leak.leak_id)) == [published]
    assert await world.deliver(leak) == [published]
    assert world.transport.offered == []


async def test_a_cancel_that_comes_first_leaves_a_tombstone(world: World) -> None:
    leak = world.decided()
    await world.deliver(world.cancelled(leak.leak_id))
    assert await world.send() == []
    await world.deliver(leak)
    [published] = await world.send()
    assert isinstance(published, LeakStopped)
    assert world.transport.offered == []


async def test_a_cancel_while_the_mail_is_on_the_wire_comes_too_late(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(1)
    await world.deliver(world.cancelled(leak.leak_id))
    world.transport.hold.set()
    await world.landed()
    assert len(world.publisher.of(LeakDelivered)) == 1
    assert world.publisher.of(LeakStopped) == []


async def test_a_cancel_during_an_attempt_that_fails_stops_the_next_one(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    world.transport.hold = asyncio.Event()
    world.transport.answers.append(Deferred())
    await world.work("send_due")
    await world.transport.on_the_wire(1)
    await world.deliver(world.cancelled(leak.leak_id))
    world.transport.hold.set()
    await world.landed()
    [published] = await world.send()
    assert isinstance(published, LeakStopped)
    assert len(world.transport.offered) == 1


async def test_deferred_mails_are_tried_by_the_schedule_then_given_up(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    schedule = world.settings.retry_after_s
    world.transport.answers.extend([Deferred()] * (len(schedule) + 1))
    for wait in schedule:
        assert await world.send() == []
        world.clock.forward(seconds=wait - 1)
        assert await world.send() == []
        world.clock.forward(seconds=1)
    [published] = await world.send()
    assert published == LeakBounced(leak_id=leak.leak_id, bounced_at=world.clock.now, outcome_class="gave_up")
    assert len(world.transport.offered) == len(schedule) + 1
    assert len({mail.data.split(b"Message-ID: ")[1][:40] for mail in world.transport.offered}) == 1


async def test_a_refused_mail_bounces_and_a_dead_mailbox_gets_nothing_more(world: World) -> None:
    await world.deliver(world.decided(recipient="ghost@example.org"))
    world.transport.answers.append(Rejected(no_mailbox=True))
    [published] = await world.send()
    assert isinstance(published, LeakBounced)
    await world.deliver(world.decided(recipient="Ghost+tag@example.org"))
    [published] = await world.send()
    assert isinstance(published, LeakSuppressed)
    assert len(world.transport.offered) == 1


async def test_a_relay_that_is_away_costs_nothing(world: World) -> None:
    await world.deliver(world.decided())
    world.transport.away = True
    assert await world.send() == []
    world.transport.away = False
    world.transport.answers.append(NotSent())
    for _ in range(4):
        world.clock.forward(minutes=2)
        await asyncio.sleep(0.4)
        await world.send()
    assert len(world.publisher.of(LeakDelivered)) == 1


async def test_a_cancel_is_answered_even_while_the_relay_is_away(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak, world.decided())
    world.transport.away = True
    await world.send()
    await world.deliver(world.cancelled(leak.leak_id))
    [published] = await world.send()
    assert isinstance(published, LeakStopped)
    assert published.leak_id == leak.leak_id


async def test_kafka_that_is_away_is_waited_for(world: World) -> None:
    await world.deliver(world.decided())
    world.blocks.away = True
    assert await world.send() == []
    assert world.transport.offered == []
    world.blocks.away = False
    world.clock.forward(minutes=2)
    assert len(await world.send()) == 1


async def test_an_address_that_can_not_be_written_to_bounces(world: World) -> None:
    await world.deliver(world.decided(recipient="a@b.org\r\nBcc: c@d.org"))
    [published] = await world.send()
    assert isinstance(published, LeakBounced)
    assert world.transport.offered == []


async def test_a_confirmation_mail_is_sent_once_erased_and_nothing_is_published(confirmations: World) -> None:
    challenge = confirmations.challenged()
    await confirmations.deliver(challenge, challenge)
    assert await confirmations.send() == []
    await confirmations.deliver(challenge)
    assert await confirmations.send() == []
    [mail] = confirmations.transport.taken
    assert mail.envelope_to == "anna@example.org"
    assert "lk1." not in await confirmations.stored()


async def test_a_confirmation_of_a_verifier_whose_clock_is_ahead_is_mailed_at_once(confirmations: World) -> None:
    await confirmations.deliver(confirmations.challenged(challenged_at=confirmations.clock.now + timedelta(hours=1)))
    await confirmations.send()
    assert len(confirmations.transport.taken) == 1


async def test_a_confirmation_that_nobody_can_use_any_more_is_not_sent(confirmations: World) -> None:
    await confirmations.deliver(confirmations.challenged())
    confirmations.clock.forward(days=1)
    assert await confirmations.send() == []
    assert confirmations.transport.offered == []
    assert "lk1." not in await confirmations.stored()


async def test_a_broken_seal_is_a_dead_letter_and_harms_no_other(world: World) -> None:
    good, bad = world.decided(), world.decided()
    strange = bad.model_copy(update={"sealed_recipient": good.sealed_recipient})
    await world.deliver(strange, good)
    assert len(await world.send()) == 1
    assert [type(event).__name__ for event in world.publisher.published] == ["DeadLetter", "LeakDelivered"]


async def left(world: World) -> dict[str, int]:
    await world.work("forget")
    return {name: await world.database[name].count_documents({}) for name in ("mails", "tallies", "outbox")}


@pytest.mark.parametrize("options", [{"keep_outcomes_days": 30}])
async def test_everything_dies_on_schedule(world: World, confirmations: World) -> None:
    await world.deliver(world.decided())
    await world.deliver(world.cancelled("f" * 32))
    await confirmations.deliver(confirmations.challenged())
    for one in (world, confirmations):
        await one.send()
    assert await left(world) == {"mails": 2, "tallies": 2, "outbox": 0}
    assert await left(confirmations) == {"mails": 1, "tallies": 0, "outbox": 0}
    world.clock.forward(days=4)
    assert await left(world) == {"mails": 2, "tallies": 0, "outbox": 0}
    assert await left(confirmations) == {"mails": 0, "tallies": 0, "outbox": 0}
    world.clock.forward(days=27)
    assert await left(world) == {"mails": 0, "tallies": 0, "outbox": 0}


async def test_a_mail_that_does_not_open_is_kept_for_when_it_does(world: World) -> None:
    good, bad = world.decided(), world.decided()
    await world.deliver(bad.model_copy(update={"sealed_message": good.sealed_message}))
    before = metrics.MAILS_UNREADABLE._value.get()
    for _ in range(3):
        assert await world.send() == []
        world.clock.forward(hours=2)
    assert metrics.MAILS_UNREADABLE._value.get() == before + 3
    assert str(good.sealed_message) in await world.stored()


async def test_leaks_that_differ_in_who_sent_them_give_equal_mails_ids_aside(world: World) -> None:
    """I9: all that a leak's mail can depend on is in the event, which has no sender."""
    await world.deliver(world.decided(), world.decided(automated=False, sealed_note="m" * 40))
    await world.send()
    first, second = (masked(mail.data) for mail in world.transport.taken)
    assert first == second


def masked(data: bytes) -> bytes:
    links = re.sub(rb"(one-click|block|report)/(=\r\n|[A-Za-z0-9_.-])+", rb"\1/token", data)
    return re.sub(rb"Message-ID: <\w+@", b"Message-ID: <id@", re.sub(rb"=\r\n", b"", links))
