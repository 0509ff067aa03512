"""The records we write are the ones that the CloudEvents SDK would write, and it reads them back."""

import json
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.events.dead import DeadLetter
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.runtime.envelope import outgoing

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVENTS: list[Event] = [
    LeakCancelled(leak_id="a" * 32, cancelled_at=NOON),
    DeadLetter.model_construct(
        service="mailer",
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
