"""The records we write are the ones that the CloudEvents SDK would write; it reads them back, and so do we."""

import json
from datetime import UTC, datetime

import pytest
from aiokafka import ConsumerRecord
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.events.dead import DeadLetter
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.runtime.envelope import incoming, outgoing
from shared.runtime.errors import Permanent

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVENTS: list[Event] = [
    LeakCancelled(leak_id="a" * 32, cancelled_at=NOON),
    DeadLetter.model_construct(
        process="verifier",
        from_topic="leak.decided.v1",
        partition=1,
        offset=7,
        record_key=None,
        record_value=None,
        record_headers={},
        error_class="Permanent",
        attempts=1,
        died_at=NOON,
    ),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_the_sdk_writes_the_same_headers(event: Event) -> None:
    record = outgoing(event, "gateway")
    message = KafkaMessage(headers=dict(record.headers), key=record.key, value=record.value)
    read = from_binary(message, JSONFormat(), CloudEvent)
    written = to_binary(read, JSONFormat())
    assert dict(written.headers) == dict(record.headers)
    assert json.loads(written.value) == json.loads(record.value)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_the_attributes_say_what_happened_to_what(event: Event) -> None:
    record = outgoing(event, "gateway")
    headers = dict(record.headers)
    assert headers["ce_id"] == event.event_id.encode()
    assert headers["ce_subject"] == event.subject.encode()
    assert headers["ce_partitionkey"] == record.key == event.key.encode()
    assert headers["ce_source"] == b"/leak/gateway"
    assert headers["ce_type"] == record.topic.encode() == event.topic.encode()


def read(value: bytes | None, *headers: tuple[str, bytes]) -> ConsumerRecord:
    return ConsumerRecord(LeakCancelled.TOPIC, 2, 41, 0, 0, b"key", value, None, 3, len(value or b""), headers)


def test_what_was_written_is_read_back_with_its_place_and_trace() -> None:
    written = outgoing(EVENTS[0], "gateway")
    received = incoming(read(written.value, *written.headers), LeakCancelled)
    assert received.event == EVENTS[0]
    assert received.place == "leak.cancelled.v1/2/41"
    assert received.traceparent == dict(written.headers)["ce_traceparent"].decode()


def test_an_event_without_a_trace_is_read_all_the_same() -> None:
    assert incoming(read(EVENTS[0].model_dump_json().encode()), LeakCancelled).traceparent is None


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"[]", b'{"leak_id": "anna@example.org"}'])
def test_what_is_no_event_is_refused_without_quoting_it(value: bytes | None) -> None:
    with pytest.raises(Permanent) as refused:
        incoming(read(value), LeakCancelled)
    assert refused.value.__cause__ is None
    assert "anna" not in str(refused.value)
