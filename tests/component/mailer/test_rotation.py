"""Keys are rotated and revoked under mails that wait: the same ids, the same links, and every block still counts."""

from datetime import timedelta

import pytest

from services.mailer.domain import Deferred
from shared.events.deliveries import LeakDelivered, LeakSuppressed
from tests.component.mailer.conftest import World, block_token, message_id
from tests.support import keys

SOON = timedelta(minutes=10)
ALL = ("suppression", "block-token", "message-id")


async def sent(world: World) -> None:
    await world.deliver(world.decided())
    assert len(await world.send()) == 1


async def reasons(world: World) -> list[str]:
    return [one.reason if isinstance(one, LeakSuppressed) else "delivered" for one in await world.send()]


async def revoked(world: World, name: str) -> None:
    """A key of ours is taken out of use, as of its beginning; another one is there."""
    world.clock.forward(seconds=1)
    keys.revoke(world.secrets, world.settings.process, name, world.clock.now)
    world.service = world.replica()


async def test_the_suppression_list_survives_rotation(world: World) -> None:
    await sent(world)
    await world.deliver(world.blocked())
    for _ in range(3):
        world.rotate("suppression")
        await world.deliver(world.decided(recipient="Ben+tag@example.org"))
        assert await reasons(world) == ["blocked"]
        world.clock.forward(hours=1)


async def test_the_suppression_list_survives_revocation(world: World) -> None:
    await sent(world)
    await world.deliver(world.blocked())
    await revoked(world, "suppression")
    await world.deliver(world.decided())
    assert await reasons(world) == ["blocked"]


async def test_a_block_under_a_key_of_now_meets_a_mail_that_was_stored_before_there_was_one(world: World) -> None:
    await world.deliver(world.decided(deliver_at=world.clock.now + SOON))
    world.rotate("suppression")
    await sent(world)
    block = world.blocked()
    await world.deliver(block)
    [suppressed] = await world.database["suppressions"].find().to_list(None)
    waiting = await world.database["mails"].find_one({"recipient_digests": {"$exists": True}})
    assert suppressed["_id"] not in waiting["recipient_digests"]
    world.clock.forward(minutes=10)
    assert await reasons(world) == ["blocked"]


async def test_a_block_counts_in_the_other_role_whatever_was_rotated_since(world: World, confirmations: World) -> None:
    await sent(world)
    block = world.blocked()
    for name in ALL:
        world.rotate(name)
    confirmations.service = confirmations.replica()
    await confirmations.deliver(block)
    await confirmations.deliver(confirmations.challenged(sender="ben@example.org"))
    assert await confirmations.send() == []
    assert confirmations.transport.offered == []


@pytest.mark.parametrize("name", ["suppression", "block-token"])
async def test_a_link_made_before_a_rotation_still_blocks(world: World, name: str) -> None:
    await sent(world)
    world.rotate(name)
    await world.deliver(world.blocked())
    await world.deliver(world.decided())
    assert await reasons(world) == ["blocked"]


async def test_every_attempt_at_a_letter_has_the_same_ids_across_rotations(world: World) -> None:
    leak = world.decided()
    await world.deliver(leak)
    world.transport.answers.append(Deferred())
    assert await world.send() == []
    for name in ALL:
        world.clock.forward(seconds=1)
        world.rotate(name)
    world.clock.forward(days=1)
    [published] = await world.send()
    first, second = world.transport.offered
    assert message_id(first) == message_id(second)
    assert block_token(first) == block_token(second)
    assert isinstance(published, LeakDelivered)
    await world.deliver(world.decided())
    await world.send()
    assert await world.deliver(leak) == [published]


async def test_every_attempt_at_a_confirmation_has_the_same_message_id_across_rotations(confirmations: World) -> None:
    await confirmations.deliver(confirmations.challenged())
    confirmations.transport.answers.append(Deferred())
    await confirmations.send()
    confirmations.clock.forward(seconds=1)
    confirmations.rotate("message-id")
    confirmations.clock.forward(minutes=10)
    await confirmations.send()
    first, second = confirmations.transport.offered
    assert message_id(first) == message_id(second)


async def test_what_a_writer_signed_before_its_key_was_revoked_is_still_sent_if_it_was_stored_by_then(
    world: World,
) -> None:
    stored, late = world.decided(), world.decided()
    await world.deliver(stored.model_copy(update={"deliver_at": world.clock.now + SOON}))
    world.clock.forward(minutes=5)
    for writer in ("gateway-accept", "moderation"):
        keys.revoke(world.secrets, writer, "signing", world.clock.now)
    world.service = world.replica()
    [dead] = await world.deliver(late)
    assert type(dead).__name__ == "DeadLetter"
    world.clock.forward(minutes=5)
    [published] = await world.send()
    assert published.subject == stored.leak_id


async def test_a_block_under_an_old_key_meets_a_mail_that_does_not_open_any_more(world: World) -> None:
    await sent(world)
    block = world.blocked()
    world.rotate("suppression")
    await world.deliver(world.decided())
    await world.deliver(block)
    (world.settings.secrets_dir / "opening.json").write_text('{"keys": []}')
    world.service = world.replica()
    assert await reasons(world) == ["blocked"]
    assert "lk1." not in await world.stored()
