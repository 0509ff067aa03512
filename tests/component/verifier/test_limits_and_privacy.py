"""Caps, limits and the stop list act in silence; nothing at rest or logged tells an address."""

import asyncio
from datetime import timedelta

import pytest

from deploy.setup import keys
from shared.events.confirmations import SenderChallenged
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from tests.component.verifier.conftest import World, attempt


@pytest.fixture
def limits() -> dict[str, int]:
    return {"confirmation_mails_a_day": 3, "confirmed_leaks_a_day": 2}


async def test_an_address_gets_so_many_confirmation_mails_a_day_in_any_spelling(world: World):
    leaks = [world.submitted(f"Anna+{number}@Example.org") for number in range(5)]
    assert len(await world.tell(*leaks[:2])) == 2
    assert len(await world.tell(*leaks)) == 3
    assert len(await world.tell(world.submitted("ben@example.org"))) == 1
    world.clock.forward(days=1)
    assert len(await world.tell(world.submitted())) == 1


async def test_two_replicas_at_once_keep_one_cap(world: World):
    replicas = [world.service, world.twin()] * 2
    batches = [[world.submitted() for _ in range(3)] for _ in range(4)]
    await asyncio.gather(*(attempt(replica, *batch) for replica, batch in zip(replicas, batches, strict=True)))
    assert len(world.publisher.of(SenderChallenged)) == 3


async def test_what_got_no_mail_expires_on_time_like_any_other(world: World):
    leaks = [world.submitted() for _ in range(5)]
    await world.tell(*leaks)
    world.clock.forward(days=1, minutes=2)
    expired = await world.sweep()
    assert {event.leak_id for event in expired} == {leak.leak_id for leak in leaks}
    assert {type(event) for event in expired} == {LeakExpired}


async def test_a_senders_daily_limit_counts_confirmed_leaks_only(world: World):
    mails = [await world.challenge(world.submitted()) for _ in range(3)]
    told = await world.tell(*(world.clicked(mail["confirm_token"]) for mail in mails))
    assert sorted(type(event).__name__ for event in told) == ["LeakConfirmed", "LeakConfirmed", "LeakWithdrawn"]
    [withdrawn] = world.publisher.of(LeakWithdrawn)
    assert withdrawn.reason == "sender_limit"
    again = await world.tell(*(world.clicked(mail["confirm_token"]) for mail in mails))
    assert sorted(event.event_id for event in again) == sorted(event.event_id for event in told)


async def test_never_again_withdraws_what_waits_and_stops_later_mail(world: World):
    waiting, confirmed = world.submitted(), world.submitted()
    mail = await world.challenge(waiting)
    await world.tell(world.clicked((await world.challenge(confirmed))["confirm_token"]))
    first = await world.tell(world.stopped(mail["stop_token"]))
    assert [(event.leak_id, event.reason) for event in first] == [(waiting.leak_id, "sender_stopped")]
    assert await world.tell(world.stopped(mail["stop_token"])) == first
    later = await world.tell(world.submitted("ANNA@example.org"))
    assert [(type(event), event.reason) for event in later] == [(LeakWithdrawn, "sender_stopped")]
    assert await world.tell(world.clicked(mail["confirm_token"])) == []
    assert len(world.publisher.of(LeakConfirmed)) == 1


async def test_the_stop_link_works_after_the_leak_expired(world: World):
    mail = await world.challenge(world.submitted())
    world.clock.forward(days=10)
    await world.sweep()
    await world.tell(world.stopped(mail["stop_token"]))
    assert [type(event) for event in await world.tell(world.submitted())] == [LeakWithdrawn]


async def test_the_stop_link_works_after_somebody_cancelled_the_leak(world: World):
    leak = world.submitted()
    mail = await world.challenge(leak)
    await world.tell(world.cancelled(leak))
    world.clock.forward(days=2)
    await world.sweep()
    await world.tell(world.stopped(mail["stop_token"]))
    assert [type(event) for event in await world.tell(world.submitted())] == [LeakWithdrawn]


async def test_the_stop_list_outlives_everything_else(world: World):
    mail = await world.challenge(world.submitted())
    await world.tell(world.stopped(mail["stop_token"]))
    world.clock.forward(days=400)
    await world.sweep()
    assert [type(event) for event in await world.tell(world.submitted())] == [LeakWithdrawn]


async def test_a_strangers_stop_token_stops_nobody_and_is_not_kept(world: World):
    assert await world.tell(world.stopped("A" * 22)) == []
    assert await world.stored() == "[]"


async def test_no_address_and_no_token_is_at_rest(world: World):
    mail = await world.challenge(world.submitted())
    await world.tell(world.clicked(mail["confirm_token"]))
    await world.tell(world.stopped(mail["stop_token"]))
    stored = await world.stored()
    for secret in ("anna", "example.org", mail["confirm_token"], mail["stop_token"]):
        assert secret not in stored


async def test_no_address_is_logged_even_when_everything_goes_wrong(world: World, capsys: pytest.CaptureFixture[str]):
    forged = world.submitted().model_copy(update={"leak_id": "f" * 32})
    await world.tell(forged)
    captured = capsys.readouterr()
    assert "anna" not in captured.out + captured.err


async def test_an_address_that_can_get_no_mail_is_refused_in_silence(world: World):
    assert await world.tell(world.submitted("no address at all")) == []
    world.clock.forward(days=1, minutes=2)
    assert [type(event) for event in await world.sweep()] == [LeakExpired]


async def test_what_arrives_after_its_end_is_not_mailed_but_expires(world: World):
    leak = world.submitted()
    world.clock.forward(days=2)
    assert await world.tell(leak) == []
    assert world.publisher.of(SenderChallenged) == []
    assert [type(event) for event in await world.sweep()] == [LeakExpired]


async def test_a_click_confirms_once_however_often_the_link_is_used(world: World):
    mail = await world.challenge(world.submitted())
    first = await world.tell(world.clicked(mail["confirm_token"]), offset=5)
    assert [type(event) for event in first] == [LeakConfirmed]
    for offset in range(6, 206):
        assert await world.tell(world.clicked(mail["confirm_token"]), offset=offset) == []
    # Kafka delivers the first one again: its outcome is published again, as it was.
    assert await world.tell(world.clicked(mail["confirm_token"]), offset=5) == first


async def test_a_stop_is_published_once_however_often_the_link_is_used(world: World):
    mail = await world.challenge(world.submitted())
    assert len(await world.tell(world.stopped(mail["stop_token"]), offset=5)) == 1
    for offset in range(6, 26):
        assert await world.tell(world.stopped(mail["stop_token"]), offset=offset) == []
    assert len(await world.tell(world.stopped(mail["stop_token"]), offset=5)) == 1


SPELLINGS = ["anna.b@gmail.com", "ANNAB@googlemail.com", "a.n.n.a.b+leak@Gmail.com"]


async def test_never_confirm_covers_every_spelling_of_a_mailbox(world: World):
    mail = await world.challenge(world.submitted(SPELLINGS[0]))
    await world.tell(world.stopped(mail["stop_token"]))
    for spelling in SPELLINGS:
        assert [type(event) for event in await world.tell(world.submitted(spelling))] == [LeakWithdrawn]


async def test_all_spellings_of_a_mailbox_share_one_limit(world: World):
    challenges = [event for number in range(9) for event in await world.tell(world.submitted(SPELLINGS[number % 3]))]
    assert len(challenges) == world.service.settings.confirmation_mails_a_day


async def test_the_stop_list_survives_a_rotation_and_a_revocation_of_its_key(own_keys: World):
    world = own_keys
    mail = await world.challenge(world.submitted())
    await world.tell(world.stopped(mail["stop_token"]))
    [old] = [key.id for key in keys.every(world.secrets) if (key.process, key.name) == ("verifier", "address")]
    keys.revoke(
        world.secrets, "verifier", "address", old, since=world.clock.now, now=world.clock.now, pause=timedelta(0)
    )
    after = world.twin()
    assert await world.attempted(after, world.submitted()) == [LeakWithdrawn]


async def test_links_in_mails_survive_a_rotation_of_the_token_key(own_keys: World):
    world = own_keys
    leak = world.submitted()
    mail = await world.challenge(leak)
    keys.rotate(world.secrets, "verifier", "token", world.clock.now, timedelta(seconds=1))
    world.clock.forward(hours=1)
    await attempt(world.twin(), leak)
    assert len({event.challenge_id for event in world.publisher.of(SenderChallenged)}) == 1
    await attempt(world.twin(), world.clicked(mail["confirm_token"]))
    assert len(world.publisher.of(LeakConfirmed)) == 1
