"""kill -9 of each service at each step of its work, in a run of leaks whose fates are known."""

import pytest

from shared.events.deliveries import LeakDelivered, LeakStopped
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakSubmitted
from shared.events.origins import OriginCaptured
from shared.events.topics import read_by
from tests.crash.fates import leaks
from tests.crash.points import ITSELF
from tests.crash.runs import Runs
from tests.crash.supervisor import Supervisor
from tests.crash.table import Table

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LONG = 5
"""Forties of leaks in a run of the full matrix."""


def topics(process: str) -> list[str]:
    """What its handlers read in these runs: nothing expires in them, nor is stopped at the mailer."""
    return [
        topic.name
        for topic in read_by(process)
        if topic.model not in (LeakExpired, LeakStopped) and ".dead." not in topic.name
    ]


CELLS = {
    ("gateway-accept", "after_publish"): [ITSELF],
    ("gateway-accept", "between_events"): [ITSELF],
    ("gateway-accept", "before_answer"): [ITSELF],
    ("gateway-status", "before_work"): topics("gateway-status"),
    ("gateway-status", "after_write"): topics("gateway-status"),
    **{("verifier", step): topics("verifier") for step in ("before_work", "after_write", "after_publish")},
    ("moderation", "before_work"): topics("moderation"),
    ("moderation", "after_write"): [*topics("moderation"), ITSELF],
    ("moderation", "after_publish"): [*topics("moderation"), ITSELF],
    ("mailer-confirmations", "before_work"): topics("mailer-confirmations"),
    ("mailer-confirmations", "after_write"): topics("mailer-confirmations"),
    ("mailer-confirmations", "last_byte"): [ITSELF],
    ("mailer-confirmations", "accepted"): [ITSELF],
    ("mailer-letters", "before_work"): topics("mailer-letters"),
    ("mailer-letters", "after_write"): [*topics("mailer-letters"), ITSELF],
    ("mailer-letters", "after_publish"): [*topics("mailer-letters"), ITSELF],
    ("mailer-letters", "last_byte"): [ITSELF],
    ("mailer-letters", "accepted"): [ITSELF],
    # Audit publishes nothing: after its write comes the commit.
    **{("audit", step): topics("audit") for step in ("before_work", "after_write")},
}
TIMES = {"last_byte": 3, "accepted": 3, "between_events": 3, "before_answer": 3}
"""Steps that are killed again when the service lives again."""


@pytest.mark.long
@pytest.mark.parametrize(("service", "step"), CELLS)
async def test_killed_at_a_step_nothing_is_lost_and_nothing_is_sent_that_must_not(
    calm: Runs, table: Table, service: str, step: str
):
    places = CELLS[service, step]

    def trouble(supervisor: Supervisor) -> None:
        for _ in range(TIMES.get(step, 1)):
            before = len(supervisor.deaths)
            supervisor.arm(service, step, *places)
            supervisor.until_dead(service, before=before)

    outcome = await calm.run((service, step), leaks(LONG), trouble, spread_s=10)
    table.add(outcome.row())
    assert not outcome.judgement.violations
    assert calm.supervisor.armed() == []
    assert len(outcome.deaths) >= len(places)


async def test_all_services_killed_at_some_step_in_one_run(calm: Runs, table: Table):
    calm.supervisor.arm("gateway-accept", "between_events", ITSELF)
    calm.supervisor.arm("gateway-accept", "after_publish", ITSELF)
    calm.supervisor.arm("verifier", "before_work", LeakSubmitted.TOPIC)
    calm.supervisor.arm("moderation", "after_write", LeakConfirmed.TOPIC, ITSELF)
    calm.supervisor.arm("mailer-letters", "accepted", ITSELF)
    calm.supervisor.arm("audit", "before_work", OriginCaptured.TOPIC)
    calm.supervisor.arm("audit", "after_write", LeakDelivered.TOPIC)
    outcome = await calm.run(("all", "mixed"), leaks())
    table.add(outcome.row())
    assert not outcome.judgement.violations
    assert calm.supervisor.armed() == []
    assert len(outcome.deaths) == 8


@pytest.mark.long
async def test_killed_while_leaks_expire_each_expires_once(calm: Runs, table: Table):
    """Two days pass for the verifier when everything else has ended."""
    calm.supervisor.arm("verifier", "after_write", ITSELF)
    calm.supervisor.arm("verifier", "after_publish", ITSELF)
    calm.supervisor.arm("audit", "after_write", LeakExpired.TOPIC)
    outcome = await calm.run(("verifier", "expiry"), sent := leaks(1, {"unconfirmed": 40}), afterwards=calm.let_expire)
    table.add(outcome.row())
    assert not outcome.judgement.violations
    assert calm.supervisor.armed() == []
    told = {record.says["leak_id"] for record in outcome.records if record.topic == LeakExpired.TOPIC}
    assert {leak.leak_id for leak in sent} <= told
