"""The delivery policy by itself: what is retried, what dies, what comes again."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord
from pymongo.errors import AutoReconnect

from shared.events.confirmations import ConfirmationClicked
from shared.runtime.delivery import DeadLetterSink, Delivery, Halted, Policy, backoff
from shared.runtime.envelope import Received
from shared.runtime.errors import Permanent, Transient

QUICK = Policy(first_wait_s=0.0001, longest_wait_s=0.001)
TOPIC = ConfirmationClicked.TOPIC


def record(offset: int, value: bytes | None = None) -> ConsumerRecord:
    event = ConfirmationClicked(token_digest=f"{offset:064x}", clicked_at=datetime.now(UTC))
    value = value if value is not None else event.model_dump_json().encode()
    return ConsumerRecord(TOPIC, 0, offset, 0, 0, b"key", value, None, 3, len(value), ())


class Story:
    """A handler that tells what it saw and fails as told, and the dead letters."""

    def __init__(
        self,
        fails: Callable[[int, int], Exception | None] = lambda offset, attempt: None,
        bury: DeadLetterSink | None = None,
    ) -> None:
        self.fails = fails
        self.handled: list[int] = []
        self.attempts: dict[int, int] = {}
        self.dead: list[tuple[int, str, int]] = []
        self.delivery = Delivery(ConfirmationClicked, self.handle, bury or self.bury, QUICK)

    async def handle(self, came: Sequence[Received[ConfirmationClicked]]) -> None:
        offsets = [int(one.event.token_digest, 16) for one in came]
        assert [one.place for one in came] == [f"{TOPIC}/0/{offset}" for offset in offsets]
        for offset in offsets:
            self.attempts[offset] = self.attempts.get(offset, 0) + 1
            if error := self.fails(offset, self.attempts[offset]):
                raise error
        self.handled += offsets

    async def bury(self, record: ConsumerRecord, error: BaseException, attempts: int) -> None:
        self.dead.append((record.offset, type(error).__name__, attempts))


async def test_a_batch_is_handled_once_and_whole() -> None:
    story = Story()
    await story.delivery([record(offset) for offset in range(5)])
    assert story.handled == [0, 1, 2, 3, 4]
    assert not story.dead


async def test_a_poison_record_dies_alone_and_its_batch_lives() -> None:
    story = Story(lambda offset, _: ValueError() if offset == 3 else None)
    await story.delivery([record(offset) for offset in range(50)])
    assert sorted(set(story.handled)) == [offset for offset in range(50) if offset != 3]
    assert story.dead == [(3, "ValueError", QUICK.bug_attempts)]


async def test_a_record_that_is_no_event_dies_alone() -> None:
    story = Story()
    await story.delivery([record(0), record(1, b"garbage"), record(2)])
    assert story.handled == [0, 2]
    assert story.dead == [(1, "Permanent", 1)]


async def test_a_permanent_error_is_not_retried() -> None:
    story = Story(lambda offset, _: Permanent("never"))
    await story.delivery([record(0)])
    assert story.dead == [(0, "Permanent", 1)]


@pytest.mark.parametrize("away", [Transient("away"), AutoReconnect("away"), ConnectionRefusedError()])
async def test_a_dependency_that_comes_back_costs_nothing(away: Exception) -> None:
    story = Story(lambda _, attempt: away if attempt < QUICK.transient_attempts else None)
    await story.delivery([record(0)])
    assert story.handled == [0]
    assert not story.dead


async def test_a_dependency_that_stays_away_never_makes_a_dead_letter() -> None:
    story = Story(lambda offset, _: Transient("away"))
    with pytest.raises(Transient):
        await story.delivery([record(0), record(1)])
    assert not story.dead


async def test_a_dead_letter_that_cannot_be_written_brings_the_batch_back() -> None:
    async def refuse(*_) -> None:
        raise Transient("the dead-letter topic refuses")

    story = Story(lambda offset, _: Permanent("never"), refuse)
    with pytest.raises(Transient):
        await story.delivery([record(0)])


async def test_too_many_dead_letters_stop_the_service_instead_of_draining_the_topic() -> None:
    story = Story(lambda offset, _: Permanent("all of them"))
    for offset in range(QUICK.dead_at_least):
        await story.delivery([record(offset)])
    assert story.delivery.halted
    with pytest.raises(Halted):
        await story.delivery([record(99)])
    assert 99 not in [offset for offset, *_ in story.dead]


async def test_a_few_dead_letters_among_many_records_do_not_stop_it() -> None:
    story = Story(lambda offset, _: Permanent("one in three") if offset % 3 == 0 else None)
    for offset in range(200):
        await story.delivery([record(offset)])
    assert not story.delivery.halted


def test_waits_grow_and_are_capped() -> None:
    policy = Policy()
    assert all(backoff(attempt, policy) <= policy.longest_wait_s for attempt in range(1, 40))
    assert max(backoff(1, policy) for _ in range(200)) <= policy.first_wait_s * 2
