"""A service as wiring declares it: what its handlers get, its jobs, its begin and its end. Its life needs a Kafka."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest

from shared.events.confirmations import ConfirmationClicked
from shared.runtime.envelope import Received
from shared.runtime.service import Service
from shared.runtime.settings import ServiceSettings

CLICKS = [
    Received(ConfirmationClicked(token_digest=f"{number:064x}", clicked_at=datetime(2026, 11, 20, tzinfo=UTC)), place)
    for number, place in enumerate(["confirmation.clicked.v1/0/7", "confirmation.clicked.v1/1/3"])
]
EVENTS = [one.event for one in CLICKS]


class VerifierSettings(ServiceSettings):
    SERVICE: ClassVar[str] = "verifier"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "kafka-password").write_text("secret")
    return Service(VerifierSettings(secrets_dir=tmp_path, kafka_security="SASL_PLAINTEXT"))


async def deliver(service: Service) -> None:
    await service.deliveries[ConfirmationClicked.TOPIC].handle(CLICKS)


async def test_a_handler_gets_events_one_by_one_in_order(service: Service) -> None:
    got: list[ConfirmationClicked] = []

    async def handle(event: ConfirmationClicked) -> None:
        got.append(event)

    service.subscribe(ConfirmationClicked, handle)
    await deliver(service)
    assert got == EVENTS


async def test_a_batch_handler_gets_all_of_them_at_once(service: Service) -> None:
    got: list[Sequence[ConfirmationClicked]] = []

    async def handle(events: Sequence[ConfirmationClicked]) -> None:
        got.append(events)

    service.subscribe(ConfirmationClicked, handle, batch=True)
    await deliver(service)
    assert got == [EVENTS]


async def test_a_handler_that_asks_for_it_gets_each_events_place_too(service: Service) -> None:
    got: list[Sequence[Received[ConfirmationClicked]]] = []

    async def handle(clicks: Sequence[Received[ConfirmationClicked]]) -> None:
        got.append(clicks)

    service.subscribe(ConfirmationClicked, handle, batch=True, received=True)
    await deliver(service)
    assert got == [CLICKS]


async def test_hooks_run_in_the_order_in_which_they_were_declared(service: Service) -> None:
    ran: list[str] = []

    def hook(name: str):
        async def run() -> None:
            ran.append(name)

        return run

    service.on_start(hook("indexes"))
    service.on_start(hook("outbox"))
    service.on_stop(hook("connections"))
    await service.prepare()
    assert ran == ["indexes", "outbox"]
    await service.release()
    assert ran[2:] == ["connections"]


async def test_a_job_is_listed_with_its_period_and_can_be_run_once(service: Service) -> None:
    ran: list[str] = []

    async def sweep() -> None:
        ran.append("sweep")

    service.every(30, sweep, name="expiry")
    assert service.jobs["expiry"].every_s == 30
    await service.jobs["expiry"].work()
    assert ran == ["sweep"]


async def test_two_jobs_of_one_name_are_refused(service: Service) -> None:
    async def sweep() -> None: ...

    service.every(30, sweep, name="expiry")
    with pytest.raises(ValueError, match="two jobs of verifier are called expiry"):
        service.every(60, sweep, name="expiry")
