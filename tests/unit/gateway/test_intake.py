"""The group commit: origins before leaks, everyone answered, nothing waits for ever."""

import asyncio

import pytest

from services.gateway.acts import Unavailable
from services.gateway.intake import FLUSHES_IN_FLIGHT, MOST_WAITING, Intake
from shared.runtime.envelope import Outgoing
from shared.runtime.errors import Transient


def record(topic, number):
    return Outgoing(topic, str(number).encode(), b"{}", ())


class Slow:
    """A Kafka that answers when it is told to."""

    def __init__(self):
        self.groups = []
        self.open = asyncio.Event()
        self.error = None

    async def send(self, records):
        self.groups.append([(one.topic, one.key) for one in records])
        await self.open.wait()
        if self.error:
            raise self.error


def unsigned(origins):
    """Stands in for the batch's signature: gives the records as they came."""
    return origins


def take(intake, number):
    return asyncio.ensure_future(intake.take(record("origin", number), record("leak", number)))


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_requests_that_come_together_go_out_together_origins_first():
    slow = Slow()
    slow.open.set()
    intake = Intake(slow, unsigned)
    await asyncio.gather(*(take(intake, number) for number in range(3)))
    assert slow.groups == [
        [("origin", b"0"), ("origin", b"1"), ("origin", b"2")],
        [("leak", b"0"), ("leak", b"1"), ("leak", b"2")],
    ]


async def test_what_arrives_during_the_flushes_shares_the_next_one():
    slow = Slow()
    intake = Intake(slow, unsigned)
    taken = []
    for number in range(FLUSHES_IN_FLIGHT + 5):
        taken.append(take(intake, number))
        await turns()
    assert [len(group) for group in slow.groups] == [1] * FLUSHES_IN_FLIGHT
    slow.open.set()
    await asyncio.gather(*taken)
    assert max(len(group) for group in slow.groups) == 5


async def test_no_leak_is_sent_before_its_origin_is_durable():
    slow = Slow()
    taken = take(Intake(slow, unsigned), 1)
    await turns()
    assert slow.groups == [[("origin", b"1")]]
    slow.open.set()
    await taken
    assert slow.groups[1] == [("leak", b"1")]


@pytest.mark.parametrize("error", [Transient("away"), RuntimeError("a bug")])
async def test_a_refused_origin_sends_no_leak_and_answers_everyone(error):
    slow = Slow()
    slow.error = error
    slow.open.set()
    intake = Intake(slow, unsigned)
    results = await asyncio.gather(*(take(intake, number) for number in range(3)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert [topic for group in slow.groups for topic, _ in group] == ["origin"] * 3


async def test_a_kafka_that_never_answers_is_given_up_in_time():
    slow = Slow()
    intake = Intake(slow, unsigned, within_s=0.05)
    taken = [take(intake, number) for number in range(FLUSHES_IN_FLIGHT + 3)]
    results = await asyncio.wait_for(asyncio.gather(*taken, return_exceptions=True), 5)
    assert all(isinstance(result, Unavailable) for result in results)
    assert {topic for group in slow.groups for topic, _ in group} == {"origin"}


async def test_after_a_failure_the_next_request_is_taken():
    slow = Slow()
    slow.error = Transient("away")
    slow.open.set()
    intake = Intake(slow, unsigned)
    for number in range(FLUSHES_IN_FLIGHT + 1):
        with pytest.raises(Unavailable):
            await take(intake, number)
    slow.error = None
    await take(intake, 9)


async def test_too_many_who_wait_are_turned_away_at_once():
    slow = Slow()
    intake = Intake(slow, unsigned)
    first = [take(intake, number) for number in range(FLUSHES_IN_FLIGHT)]
    for _ in first:
        await turns()
    waiting = [take(intake, number) for number in range(MOST_WAITING + FLUSHES_IN_FLIGHT)]
    await turns()
    turned_away = [task for task in waiting if task.done()]
    assert turned_away
    assert all(isinstance(task.exception(), Unavailable) for task in turned_away)
    slow.open.set()
    await asyncio.gather(*first, *waiting, return_exceptions=True)


async def test_a_client_that_went_away_disturbs_nobody():
    slow = Slow()
    intake = Intake(slow, unsigned)
    gone, stays = take(intake, 1), take(intake, 2)
    await turns()
    gone.cancel()
    slow.open.set()
    await stays
