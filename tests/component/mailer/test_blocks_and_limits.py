"""A block wins over everything; limits are silent; one domain's trouble is its own."""

import asyncio
from datetime import timedelta

import pytest

from shared.events.deliveries import LeakDelivered, LeakSuppressed
from shared.runtime import metrics
from shared.seals.tokens import take_apart
from tests.component.mailer.conftest import World, block_token


def reasons(events: list[object]) -> list[str]:
    return [event.reason if isinstance(event, LeakSuppressed) else "delivered" for event in events]


def strange_tokens() -> float:
    value: float = metrics.BLOCK_TOKENS_STRANGE._value.get()
    return value


async def test_a_blocked_recipient_gets_no_mail_in_any_spelling(world: World) -> None:
    await world.deliver(world.decided())
    await world.send()
    await world.deliver(world.blocked())
    for spelling in ("ben@example.org", "BEN@Example.org", "ben+tag@example.org"):
        await world.deliver(world.decided(recipient=spelling))
    assert reasons(list(await world.send())) == ["blocked"] * 3
    await world.deliver(world.decided(recipient="other@example.org"))
    assert reasons(list(await world.send())) == ["delivered"]


async def test_a_block_that_comes_during_the_delay_is_seen(world: World) -> None:
    await world.deliver(world.decided())
    await world.send()
    await world.deliver(world.decided(deliver_at=world.clock.now + timedelta(minutes=10)))
    await world.deliver(world.blocked())
    world.clock.forward(minutes=10)
    assert reasons(list(await world.send())) == ["blocked"]


async def test_a_block_still_unread_in_the_topic_is_read_before_sending(world: World) -> None:
    await world.deliver(world.decided())
    await world.send()
    await world.deliver(world.decided())
    world.blocks.unread.append(world.blocked())
    assert reasons(list(await world.send())) == ["blocked"]


async def test_a_block_token_used_200_times_publishes_nothing(world: World, confirmations: World) -> None:
    await world.deliver(world.decided())
    await world.send()
    block = world.blocked()
    for one in (world, confirmations):
        assert await one.deliver(*[block] * 100) == []
        assert [await one.deliver(block) for _ in range(100)] == [[]] * 100
        assert await one.suppressions() == 1


async def test_tokens_of_no_meaning_change_nothing_and_are_counted(world: World, confirmations: World) -> None:
    await world.deliver(world.decided(), world.decided(recipient="carl@example.org"))
    await world.send()
    one, other = (world.blocked(mail) for mail in world.transport.taken)
    report = take_apart(world.report_token("a" * 32))
    assert report is not None
    key_id, _, rest = one.sealed_token.partition(".")
    strange = [
        one.model_copy(update={"token_digest": other.token_digest}),
        one.model_copy(update={"token_digest": "e" * 64}),
        one.model_copy(update={"sealed_token": f"{'0' * 16}.{rest}"}),
        one.model_copy(update={"sealed_token": f"{key_id}.{'A' * len(rest)}"}),
        one.model_copy(update={"sealed_token": f"{key_id}.A"}),
        one.model_copy(update=vars(report)),
    ]
    before = strange_tokens()
    for role in (world, confirmations):
        assert await role.deliver(*strange) == []
        assert await role.suppressions() == 0
    assert strange_tokens() == before + 2 * len(strange)


async def test_a_block_link_works_to_the_end_of_its_last_day_however_late_we_read_it(world: World) -> None:
    await world.deliver(world.decided())
    await world.send()
    world.clock.forward(days=world.settings.link_days)
    in_time = world.blocked()
    world.clock.forward(days=1)
    await world.deliver(world.blocked())
    assert await world.suppressions() == 0
    await world.deliver(in_time)
    assert await world.suppressions() == 1


async def test_a_repeated_block_changes_nothing(world: World) -> None:
    await world.deliver(world.decided())
    await world.send()
    for _ in range(2):
        await world.deliver(world.blocked(), world.blocked())
    assert await world.suppressions() == 1


async def test_two_leaks_to_one_recipient_have_nothing_in_common_that_others_can_see(world: World) -> None:
    await world.deliver(world.decided(), world.decided(message="Something else."))
    first, second = await world.send()
    one, other = (block_token(mail) for mail in world.transport.taken)
    assert not {one.sealed_token, one.token_digest} & {other.sealed_token, other.token_digest}
    at = ("delivered_at",)
    assert not {*first.model_dump(exclude=set(at)).values()} & {*second.model_dump(exclude=set(at)).values()}


async def test_who_blocked_us_gets_no_confirmation_mail_either(world: World, confirmations: World) -> None:
    await world.deliver(world.decided(recipient="b.en@gmail.com"))
    await world.send()
    block = world.blocked()
    await world.deliver(block)
    confirmations.blocks.unread.append(block)
    await confirmations.deliver(confirmations.challenged(sender="ben+new@googlemail.com"), confirmations.challenged())
    assert await confirmations.send() == []
    assert [mail.envelope_to for mail in confirmations.transport.offered] == ["anna@example.org"]


@pytest.mark.parametrize("options", [{"recipient_daily": 2}])
async def test_a_recipient_gets_so_many_a_day_and_the_next_day_again(world: World) -> None:
    await world.deliver(*[world.decided() for _ in range(3)])
    assert sorted(reasons(list(await world.send()))) == ["delivered", "delivered", "limit"]
    await world.deliver(world.decided(), world.decided(recipient="other@example.org"))
    assert sorted(reasons(list(await world.send()))) == ["delivered", "limit"]
    world.clock.forward(days=1)
    await world.deliver(world.decided())
    assert reasons(list(await world.send())) == ["delivered"]


@pytest.mark.parametrize("options", [{"domain_daily": 2, "recipient_daily": 1}])
async def test_a_domain_gets_so_many_a_day_and_one_recipient_can_not_use_them_up(world: World) -> None:
    await world.deliver(*[world.decided() for _ in range(5)])
    await world.send()
    await world.deliver(*[world.decided(recipient=f"{name}@example.org") for name in ("carl", "dora")])
    assert sorted(reasons(list(await world.send()))) == ["delivered", "limit"]


async def test_a_slow_domain_does_not_stall_the_others(world: World) -> None:
    await world.deliver(*[world.decided(recipient=f"r{number}@slow.example") for number in range(30)])
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    on_the_wire = world.settings.connections // 2
    await world.transport.on_the_wire(on_the_wire)
    await world.deliver(world.decided(recipient="ben@quick.example"))
    await world.work("send_due")
    await world.transport.on_the_wire(on_the_wire + 1)
    assert [mail.envelope_to for mail in world.transport.offered].count("ben@quick.example") == 1
    assert len(world.transport.offered) == on_the_wire + 1
    world.transport.hold.set()
    world.transport.hold = None
    for _ in range(10):
        await world.send()
    assert len(world.publisher.of(LeakDelivered)) == 31


async def test_two_replicas_never_send_the_same_mail(world: World) -> None:
    await world.deliver(*[world.decided(recipient=f"r{number}@d{number % 7}.example") for number in range(60)])
    twin = world.replica()
    for _ in range(6):
        await asyncio.gather(world.send(), world.send(twin))
    assert len({mail.envelope_to for mail in world.transport.taken}) == len(world.transport.taken) == 60


async def test_sigterm_finishes_what_is_on_the_wire_and_gives_back_the_rest(world: World) -> None:
    leaks = [world.decided(recipient=f"r{number}@d{number}.example") for number in range(5)]
    await world.deliver(*leaks)
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(5)
    stopping = asyncio.create_task(world.service.release())
    await asyncio.sleep(0)
    world.transport.hold.set()
    await stopping
    assert len(world.publisher.of(LeakDelivered)) == 5
    assert world.transport.closed
