"""What FastStream hands to the delivery policy, by FastStream's own test broker: no Kafka, so nothing comes again."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from aiokafka import ConsumerRecord
from faststream.kafka import KafkaBroker, TestKafkaBroker

from shared.events.confirmations import ConfirmationClicked
from shared.runtime.consuming import consumer_broker, subscribe
from shared.runtime.delivery import Delivery, Policy
from shared.runtime.envelope import Received
from shared.runtime.errors import Transient
from shared.runtime.settings import ServiceSettings

TOPIC = ConfirmationClicked.TOPIC
NOW = datetime(2026, 11, 20, tzinfo=UTC)

FAILING = """
import sys
from pathlib import Path
from shared.runtime import logs
from shared.runtime.consuming import consumer_broker
from tests.unit.shared.runtime.test_consuming import VerifierSettings

broker = consumer_broker(VerifierSettings(secrets_dir=Path(sys.argv[1]), kafka_security="SASL_PLAINTEXT"))
logs.configure("verifier", "info")
logger = broker.config.logger.params_storage.get_logger(context=broker.context)
about = {"topic": "leak.submitted.v1", "group_id": "verifier.leak.submitted.v1", "message_id": "7-1760000000"}
logger.log(20, "Received", extra=about)
logger.log(30, "Auto create topics is disabled. Make sure the topics exist.", extra=about)
try:
    raise ValueError("anna@example.org")
except ValueError as error:
    logger.log(40, f"ValueError: {error}", exc_info=error, extra=about)
"""


class VerifierSettings(ServiceSettings):
    SERVICE: ClassVar[str] = "verifier"


class Handled:
    """What a handler and the dead letters got."""

    def __init__(self) -> None:
        self.came: list[Received[ConfirmationClicked]] = []
        self.dead: list[ConsumerRecord] = []
        self.away = False
        self.delivery = Delivery(ConfirmationClicked, self.handle, self.bury, Policy(transient_attempts=1))

    async def handle(self, came: Sequence[Received[ConfirmationClicked]]) -> None:
        if self.away:
            raise Transient("the store is away")
        self.came += came

    async def bury(self, record: ConsumerRecord, _error: BaseException, _attempts: int) -> None:
        self.dead.append(record)


@pytest.fixture
def handled() -> Handled:
    return Handled()


@pytest.fixture
async def broker(handled: Handled, tmp_path: Path) -> AsyncIterator[KafkaBroker]:
    (tmp_path / "kafka-password").write_text("secret")
    made = consumer_broker(VerifierSettings(secrets_dir=tmp_path, kafka_security="SASL_PLAINTEXT"))
    subscribe(made, "verifier", handled.delivery)
    async with TestKafkaBroker(made) as tested:
        yield tested


def click(number: int) -> bytes:
    return ConfirmationClicked(token_digest=f"{number:064x}", clicked_at=NOW).model_dump_json().encode()


async def test_a_batch_reaches_its_handler_whole_and_each_record_with_its_place(
    broker: KafkaBroker, handled: Handled
) -> None:
    await broker.publish_batch(click(0), click(1), topic=TOPIC)
    assert [int(one.event.token_digest, 16) for one in handled.came] == [0, 1]
    assert all(one.place.startswith(f"{TOPIC}/0/") for one in handled.came)


async def test_another_topic_does_not(broker: KafkaBroker, handled: Handled) -> None:
    await broker.publish(click(0), topic="leak.cancelled.v1")
    assert not handled.came


async def test_a_record_that_is_no_event_dies_as_it_came(broker: KafkaBroker, handled: Handled) -> None:
    await broker.publish_batch(click(0), b"\x00garbage", topic=TOPIC)
    assert len(handled.came) == 1
    assert [record.value for record in handled.dead] == [b"\x00garbage"]


async def test_what_must_come_again_reaches_the_framework_as_an_error(broker: KafkaBroker, handled: Handled) -> None:
    handled.away = True
    with pytest.raises(Transient):
        await broker.publish_batch(click(0), topic=TOPIC)


def test_what_fails_around_the_policy_is_a_line_of_ours_without_the_text_of_the_error(tmp_path: Path) -> None:
    """As FastStream logs, in a process of its own, since logging is process-wide."""
    (tmp_path / "kafka-password").write_text("secret")
    done = subprocess.run(
        [sys.executable, "-c", FAILING, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    assert "anna" not in done.stdout
    (line,) = map(json.loads, done.stdout.splitlines())
    said = {name: line[name] for name in ("level", "event", "topic", "group", "error_class")}
    assert said == {
        "level": "error",
        "event": "consuming failed",
        "topic": "leak.submitted.v1",
        "group": "verifier.leak.submitted.v1",
        "error_class": "ValueError",
    }


async def test_null_and_binary_headers_are_replaced_before_the_framework_reads_them(handled: Handled) -> None:
    strange = (("a", None), ("b", b"\xff"), ("c", b"ok"))
    record = ConsumerRecord(TOPIC, 0, 7, 0, 0, b"k", b"no event", None, 1, 8, strange)
    broker = KafkaBroker(apply_types=False, logger=None)
    subscriber = subscribe(broker, "verifier", handled.delivery)
    async with TestKafkaBroker(broker):
        await subscriber.process_message((record,))
    assert [one.headers for one in handled.dead] == [(("a", b""), ("b", b""), ("c", b"ok"))]
