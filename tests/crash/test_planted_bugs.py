"""The checker finds bugs: each is planted in a running service from outside."""

from collections.abc import Sequence

import pytest
from confluent_kafka import Producer

from local.kafka import ADMIN
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakSubmitted
from tests.crash.fates import Leak, leaks
from tests.crash.runs import Outcome, Runs
from tests.crash.sightings import Record, Sightings
from tests.crash.table import Table

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

PATIENCE_S = 30
"""What was lost is waited for in vain; nothing here is silent for longer."""

PLANTED = {
    "commit_before_work": ("verifier", "lost"),
    "no_deduplication": ("mailer-letters", "mailed twice"),
    "block_ignored": ("mailer-letters", "blocked sent"),
    "approves_everything": ("moderation", "unapproved sent"),
}


ENTAILED = {"approves_everything": {"lost"}}
"""What is approved is never refused or held, so whoever waits for that waits in vain."""


async def run_with(runs: Runs, bugs: Sequence[str]) -> Outcome:
    """A small load against services with these bugs; afterwards moderation's words come a second time."""
    supervisor = runs.supervisor
    buggy = {PLANTED[bug][0] for bug in bugs}
    for service in buggy:
        supervisor.restart(service, bugs=[bug for bug in bugs if PLANTED[bug][0] == service])
    if "commit_before_work" in bugs:
        supervisor.arm("verifier", "before_work", LeakSubmitted.TOPIC)

    async def again(sightings: Sightings) -> None:
        publish(runs, sightings.records[LeakDecided.TOPIC])

    name = "planted", bugs[0] if len(bugs) == 1 else f"{len(bugs)} bugs"
    try:
        return await runs.run(name, load(), spread_s=12, patience_s=PATIENCE_S, afterwards=again)
    finally:
        for service in buggy:
            supervisor.restart(service)


def load() -> list[Leak]:
    """Kind leaks first: those that a crash of the verifier may lose."""
    return leaks(1, {"kind": 4}) + leaks(1, {"refused": 2, "held": 1, "blocking": 2, "unwanted": 2, "unconfirmed": 1})


def publish(runs: Runs, records: Sequence[Record]) -> None:
    """Tell these records again, as they were."""
    producer = Producer(runs.supervisor.stack.librdkafka_login(ADMIN))
    for record in records:
        producer.produce(record.topic, value=record.value, key=record.key, headers=list(record.headers))
    assert producer.flush(30) == 0


async def test_the_checker_finds_four_planted_bugs_at_once(calm: Runs, table: Table):
    outcome = await run_with(calm, list(PLANTED))
    table.add(outcome.row())
    assert {kind for _, kind in PLANTED.values()} <= outcome.judgement.kinds


@pytest.mark.long
@pytest.mark.parametrize("bug", PLANTED)
async def test_the_checker_finds_a_planted_bug(calm: Runs, table: Table, bug: str):
    outcome = await run_with(calm, [bug])
    table.add(outcome.row())
    others = {kind for _, kind in PLANTED.values()} - {PLANTED[bug][1]} - ENTAILED.get(bug, set())
    assert PLANTED[bug][1] in outcome.judgement.kinds
    assert not outcome.judgement.kinds & others
