"""What is waited for is said in words: a thing, or a cause with what to do."""

from collections.abc import Sequence

import pytest
from aiokafka import ConsumerRecord

from shared.events.confirmations import ConfirmationClicked
from shared.runtime.delivery import Delivery
from shared.runtime.health import Health

TOPIC = ConfirmationClicked.TOPIC
GARBAGE = [ConsumerRecord(TOPIC, 0, offset, 0, 0, b"key", b"garbage", None, 3, 7, ()) for offset in range(60)]


async def ignore(*_: object) -> None: ...


@pytest.fixture
def health() -> Health:
    return Health(waiting_for=None, deliveries=[Delivery(ConfirmationClicked, ignore, ignore)])


async def test_what_is_there_is_ready(health: Health) -> None:
    assert await health.unready() is None
    assert health.stuck() == []


async def test_a_service_that_starts_waits_for_its_start() -> None:
    assert await Health().unready() == "its start"


async def test_the_first_check_that_fails_is_what_is_waited_for(health: Health) -> None:
    async def away() -> None:
        raise ConnectionRefusedError

    health.checks += [("Kafka", ignore), ("its database", away)]
    assert await health.unready() == "its database"


async def test_too_many_dead_letters_are_a_cause_to_mend(health: Health) -> None:
    await health.deliveries[0](GARBAGE)
    assert await health.unready() == "a restart: too many of the last records are dead letters; mend the cause first"


async def test_a_handler_that_works_is_not_stuck(health: Health) -> None:
    stuck: list[Sequence[str]] = []

    async def look(_: object) -> None:
        stuck.append(health.stuck())

    event = ConfirmationClicked.model_validate({"token_digest": "a" * 64, "clicked_at": "2026-11-20T12:00:00Z"})
    value = event.model_dump_json().encode()
    health.deliveries = [Delivery(ConfirmationClicked, look, ignore)]
    await health.deliveries[0]([ConsumerRecord(TOPIC, 0, 0, 0, 0, b"key", value, None, 3, len(value), ())])
    assert stuck == [[]]
