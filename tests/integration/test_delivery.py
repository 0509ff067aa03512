"""The delivery policy on the real broker: what a batch, a restart, a strange record and a refusal do to it."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from structlog.testing import capture_logs

from deploy.setup.kafka import acls_of
from local.stack import RealParts
from services.verifier.settings import Settings as VerifierSettings
from shared.events.confirmations import ConfirmationClicked
from shared.runtime import kafka
from shared.runtime.delivery import Policy
from shared.runtime.envelope import Received
from shared.runtime.errors import Transient
from shared.runtime.service import Service
from tests.support import outsiders
from tests.support.rights import give_right, take_right

pytestmark = pytest.mark.integration
DEADLINE_S = 40
QUICK = Policy(first_wait_s=0.01, longest_wait_s=0.2, transient_attempts=3)


def clicks(count: int) -> list[ConfirmationClicked]:
    now = datetime.now(UTC)
    return [ConfirmationClicked(token_digest=secrets.token_hex(32), clicked_at=now) for _ in range(count)]


def digests(events: Sequence[ConfirmationClicked]) -> list[str]:
    return [event.token_digest for event in events]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110  # what is waited for stands in no one place
            await asyncio.sleep(0.02)


@asynccontextmanager
async def publisher(stack: RealParts) -> AsyncIterator[kafka.Publisher]:
    made = outsiders.publisher_of(stack, "gateway-accept")
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def consuming(
    stack: RealParts, handler: Callable[[Any], Awaitable[None]], *, batch: bool = True, received: bool = False
) -> AsyncIterator[Service]:
    """A service in this process, as the verifier, that reads clicks; stopped as SIGTERM would."""
    service = Service(VerifierSettings(**stack.settings("verifier", stop_within_s=5)), policy=QUICK)
    service.subscribe(ConfirmationClicked, handler, batch=batch, received=received)
    life = asyncio.create_task(service.live())
    try:
        await until(lambda: service.health.waiting_for is None or life.done())
        yield service
    finally:
        service.stop()
        await asyncio.wait_for(life, DEADLINE_S)


async def test_every_record_is_handled_and_a_restart_handles_none_again(empty_stack: RealParts) -> None:
    seen: list[str] = []

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        seen.extend(digests(events))

    events = clicks(700)
    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle) as service:
        await publishing.publish(*events)
        await service.caught_up(ConfirmationClicked)
    assert sorted(seen) == sorted(digests(events))
    async with consuming(empty_stack, handle) as service:
        await service.caught_up(ConfirmationClicked)
    assert len(seen) == len(events)


async def test_a_batch_that_fails_is_seen_again_whole(empty_stack: RealParts) -> None:
    away = True
    seen: set[str] = set()
    tries = 0

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        nonlocal tries
        tries += 1
        if away:
            raise Transient("the store is away")
        seen.update(digests(events))

    events = clicks(50)
    with capture_logs() as lines:
        async with publisher(empty_stack) as publishing, consuming(empty_stack, handle) as service:
            await publishing.publish(*events)
            await until(lambda: tries > 8)  # beyond the attempts of one delivery: it was sought back
            assert not seen
            away = False
            await service.caught_up(ConfirmationClicked)
    assert seen == set(digests(events))
    assert not empty_stack.read("verifier.dead.v1")
    failed = [line for line in lines if line["event"] == "consuming failed"]
    assert failed, "what its framework could not do goes unseen"
    assert {line["topic"] for line in failed} == {ConfirmationClicked.TOPIC}
    assert {type(line["error"]) for line in failed} == {Transient}


async def test_a_poison_record_in_a_batch_becomes_one_dead_letter(empty_stack: RealParts) -> None:
    events = clicks(200)
    poison = events[77].token_digest
    seen: set[str] = set()

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        if poison in digests(events):
            raise ValueError("a bug that this record meets")
        seen.update(digests(events))

    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle) as service:
        await publishing.publish(*events)
        await service.caught_up(ConfirmationClicked)
    assert seen == set(digests(events)) - {poison}
    (letter,) = [json.loads(value or b"") for _, value, _ in empty_stack.read("verifier.dead.v1")]
    assert letter["error_class"] == "ValueError"
    assert letter["from_topic"] == ConfirmationClicked.TOPIC


async def test_null_and_binary_headers_and_garbage_block_nothing(empty_stack: RealParts) -> None:
    seen: list[str] = []

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        seen.extend(digests(events))

    (event,) = clicks(1)
    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle) as service:
        producer = publishing.producer
        assert producer
        strange = [("ce_id", None), ("x", b"\xff\xfe")]
        await producer.send_and_wait(event.TOPIC, event.model_dump_json().encode(), b"k", headers=strange)
        await producer.send_and_wait(event.TOPIC, b"\x00garbage", b"k")
        await producer.send_and_wait(event.TOPIC, None, b"k")
        await service.caught_up(ConfirmationClicked)
    assert seen == [event.token_digest]
    assert len(empty_stack.read("verifier.dead.v1")) == 2


async def test_a_dead_letter_topic_that_refuses_keeps_the_record(empty_stack: RealParts) -> None:
    refuse = True
    seen: list[str] = []

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        seen.extend(digests(events))

    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle) as service:
        send = service.publisher.send
        refusals = 0

        async def maybe(records) -> None:
            nonlocal refusals
            if refuse:
                refusals += 1
                raise Transient("the dead-letter topic refuses")
            await send(records)

        service.publisher.send = maybe
        assert publishing.producer
        await publishing.producer.send_and_wait(ConfirmationClicked.TOPIC, b"garbage", b"k")
        await until(lambda: refusals > 2)
        assert not empty_stack.read("verifier.dead.v1")
        refuse = False
        await service.caught_up(ConfirmationClicked)
    assert len(empty_stack.read("verifier.dead.v1")) == 1


async def test_after_a_batch_was_refused_the_next_one_is_taken(empty_stack: RealParts) -> None:
    [right] = [
        one
        for one in acls_of("gateway-accept")
        if one.name == ConfirmationClicked.TOPIC and one.operation.name == "WRITE"
    ]
    # The same one each time, for the same partition: what a producer was refused there is what matters.
    (click,) = clicks(1)

    async def until_refused() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                await publishing.publish(click)

    async with publisher(empty_stack) as publishing:
        await publishing.publish(click)
        take_right(empty_stack.kafka_admin, right)
        try:
            with pytest.raises(Transient):
                await until_refused()
        finally:
            give_right(empty_stack.kafka_admin, right)
        before = len(empty_stack.read(ConfirmationClicked.TOPIC))
        async with asyncio.timeout(DEADLINE_S):
            while len(empty_stack.read(ConfirmationClicked.TOPIC)) == before:
                with contextlib.suppress(Transient):
                    await publishing.publish(click)
                await asyncio.sleep(0.05)


async def test_stopping_in_a_batch_finishes_it_and_commits_it(empty_stack: RealParts) -> None:
    began, seen = asyncio.Event(), []

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        began.set()
        await asyncio.sleep(0.5)
        seen.extend(digests(events))

    events = clicks(30)
    async with publisher(empty_stack) as publishing:
        await publishing.publish(*events)
        async with consuming(empty_stack, handle):
            await asyncio.wait_for(began.wait(), DEADLINE_S)
        again: list[str] = []

        async def handle_again(events: Sequence[ConfirmationClicked]) -> None:
            again.extend(digests(events))

        async with consuming(empty_stack, handle_again) as service:
            await service.caught_up(ConfirmationClicked)
    assert sorted(seen + again) == sorted(digests(events))


async def test_caught_up_waits_for_what_is_in_hand(empty_stack: RealParts) -> None:
    go = asyncio.Event()

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        await go.wait()

    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle) as service:
        await publishing.publish(*clicks(3))
        waiting = asyncio.create_task(service.caught_up(ConfirmationClicked))
        await asyncio.sleep(1)
        assert not waiting.done()
        go.set()
        await asyncio.wait_for(waiting, DEADLINE_S)


async def test_a_record_that_comes_again_has_the_same_place(empty_stack: RealParts) -> None:
    places: list[list[str]] = []

    async def handle(came: Sequence[Received[ConfirmationClicked]]) -> None:
        places.append([one.place for one in came])
        if len(places) <= QUICK.transient_attempts:
            raise Transient("the store is away")

    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle, received=True) as service:
        await publishing.publish(*clicks(1))
        await service.caught_up(ConfirmationClicked)
    assert len(places) > QUICK.transient_attempts, "it was sought back"
    assert {place for (place,) in places} == {places[0][0]}
    topic, partition, offset = places[0][0].split("/")
    assert (topic, partition.isdigit(), offset.isdigit()) == (ConfirmationClicked.TOPIC, True, True)


async def test_a_handler_of_single_events_gets_them_one_by_one(empty_stack: RealParts) -> None:
    seen: list[str] = []

    async def handle(event: ConfirmationClicked) -> None:
        seen.append(event.token_digest)

    events = clicks(20)
    async with publisher(empty_stack) as publishing, consuming(empty_stack, handle, batch=False) as service:
        await publishing.publish(*events)
        await service.caught_up(ConfirmationClicked)
    assert sorted(seen) == sorted(digests(events))


async def test_a_record_is_a_cloudevent_in_binary_mode(empty_stack: RealParts) -> None:
    (event,) = clicks(1)
    async with publisher(empty_stack) as publishing:
        await publishing.publish(event)
    ((key, value, headers),) = empty_stack.read(event.TOPIC)
    parsed = from_binary(KafkaMessage(headers, key, value or b""), JSONFormat())
    assert parsed.get_id() == event.event_id
    assert parsed.get_type() == event.TOPIC
    assert parsed.get_source() == "/leak/gateway-accept"
    assert headers["ce_traceparent"].startswith(b"00-")
