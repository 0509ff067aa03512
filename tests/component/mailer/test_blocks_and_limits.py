"""A block wins over everything; limits are silent; one domain's trouble is its own."""

import asyncio
from datetime import timedelta

import pytest

from shared.events.deliveries import LeakDelivered, LeakSuppressed
from tests.component.mailer.conftest import World


def reasons(events: list[object]) -> list[str]:
    return [event.reason if isinstance(event, LeakSuppressed) else "delivered" for event in events]


async def test_a_blocked_recipient_gets_no_mail_in_any_spelling(world: World) -> None:
    first = world.decided()
    await world.tell(first)
    await world.send()
    await world.tell(world.blocked(first.leak_id))
    for spelling in ("ben@example.org", "BEN@Example.org", "ben+tag@example.org"):
        await world.tell(world.decided(recipient=spelling))
    assert reasons(list(await world.send())) == ["blocked"] * 3
    await world.tell(world.decided(recipient="other@example.org"))
    assert reasons(list(await world.send())) == ["delivered"]


async def test_a_block_that_comes_during_the_delay_is_seen(world: World) -> None:
    first = world.decided()
    await world.tell(first)
    await world.send()
    await world.tell(world.decided(deliver_at=world.clock.now + timedelta(minutes=10)))
    await world.tell(world.blocked(first.leak_id))
    world.clock.forward(minutes=10)
    assert reasons(list(await world.send())) == ["blocked"]


async def test_a_block_still_unread_in_the_topic_is_read_before_sending(world: World) -> None:
    first = world.decided()
    await world.tell(first)
    await world.send()
    await world.tell(world.decided())
    world.blocks.unread.append(world.blocked(first.leak_id))
    assert reasons(list(await world.send())) == ["blocked"]


async def test_a_block_of_a_link_that_is_still_to_come_is_kept_for_it(world: World) -> None:
    leak = world.decided()
    await world.tell(world.blocked(leak.leak_id))
    await world.tell(leak)
    assert reasons(list(await world.send())) == ["blocked"]


async def test_a_report_token_or_a_strangers_token_blocks_nobody(world: World) -> None:
    leak = world.decided()
    await world.tell(leak)
    await world.send()
    block = world.blocked(leak.leak_id)
    await world.tell(
        block.model_copy(update={"token_digest": world.tokens.report_digest(leak.leak_id)}),
        block.model_copy(update={"token_digest": "e" * 64}),
    )
    await world.tell(world.decided())
    assert reasons(list(await world.send())) == ["delivered"]


async def test_strangers_tokens_are_forgotten_soon(world: World) -> None:
    await world.tell(world.blocked("d" * 32))
    assert await world.database["links"].count_documents({}) == 1
    world.clock.forward(days=3)
    await world.work("forget")
    assert await world.database["links"].count_documents({}) == 0


async def test_a_repeated_block_changes_nothing(world: World) -> None:
    leak = world.decided()
    await world.tell(leak)
    await world.send()
    for _ in range(2):
        await world.tell(world.blocked(leak.leak_id), world.blocked(leak.leak_id))
    assert await world.database["suppressions"].count_documents({}) == 1


async def test_who_blocked_us_gets_no_confirmation_mail_either(world: World) -> None:
    leak = world.decided()
    await world.tell(leak)
    await world.send()
    await world.tell(world.blocked(leak.leak_id))
    await world.tell(world.challenged(sender="ben@example.org"))
    assert await world.send() == []
    assert len(world.transport.offered) == 1


@pytest.mark.parametrize("options", [{"recipient_daily": 2}])
async def test_a_recipient_gets_so_many_a_day_and_the_next_day_again(world: World) -> None:
    await world.tell(*[world.decided() for _ in range(3)])
    assert sorted(reasons(list(await world.send()))) == ["delivered", "delivered", "limit"]
    await world.tell(world.decided(), world.decided(recipient="other@example.org"))
    assert sorted(reasons(list(await world.send()))) == ["delivered", "limit"]
    world.clock.forward(days=1)
    await world.tell(world.decided())
    assert reasons(list(await world.send())) == ["delivered"]


@pytest.mark.parametrize("options", [{"domain_daily": 2, "recipient_daily": 1}])
async def test_a_domain_gets_so_many_a_day_and_one_recipient_can_not_use_them_up(world: World) -> None:
    await world.tell(*[world.decided() for _ in range(5)])
    await world.send()
    await world.tell(*[world.decided(recipient=f"{name}@example.org") for name in ("carl", "dora")])
    assert sorted(reasons(list(await world.send()))) == ["delivered", "limit"]


async def test_a_slow_domain_does_not_stall_the_others(world: World) -> None:
    await world.tell(*[world.decided(recipient=f"r{number}@slow.example") for number in range(30)])
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    on_the_wire = world.settings.connections // 2
    await world.transport.on_the_wire(on_the_wire)
    await world.tell(world.decided(recipient="ben@quick.example"))
    await world.work("send_due")
    await world.transport.on_the_wire(on_the_wire + 1)
    assert [mail.recipient for mail in world.transport.offered].count("ben@quick.example") == 1
    assert len(world.transport.offered) == on_the_wire + 1
    world.transport.hold.set()
    world.transport.hold = None
    for _ in range(10):
        await world.send()
    assert len(world.publisher.of(LeakDelivered)) == 31


async def test_two_replicas_never_send_the_same_mail(world: World) -> None:
    await world.tell(*[world.decided(recipient=f"r{number}@d{number % 7}.example") for number in range(60)])
    twin = world.replica()
    for _ in range(6):
        await asyncio.gather(world.send(), world.send(twin))
    assert len({mail.recipient for mail in world.transport.taken}) == len(world.transport.taken) == 60


async def test_sigterm_finishes_what_is_on_the_wire_and_gives_back_the_rest(world: World) -> None:
    leaks = [world.decided(recipient=f"r{number}@d{number}.example") for number in range(5)]
    await world.tell(*leaks)
    world.transport.hold = asyncio.Event()
    await world.work("send_due")
    await world.transport.on_the_wire(5)
    stopping = asyncio.create_task(world.service.release())
    await asyncio.sleep(0)
    world.transport.hold.set()
    await stopping
    assert len(world.publisher.of(LeakDelivered)) == 5
    assert world.transport.closed
