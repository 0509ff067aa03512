"""Every event twice, and in another order across topics, into services that remember nothing: the same outcome."""

import random
import time
from collections import Counter
from collections.abc import Sequence

import httpx
import pytest

from local.groups import all_read, lag
from shared.events.confirmations import ConfirmationClicked, SenderStopped
from shared.events.leaks import LeakSubmitted
from shared.events.topics import PROCESSES, TOPICS
from tests.crash.fates import Leak, leaks
from tests.crash.runs import Outcome, Runs
from tests.crash.sightings import Record, Sightings
from tests.crash.supervisor import until
from tests.crash.table import Table
from tests.crash.test_planted_bugs import publish

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

# Their tokens come out of the handling of leak.submitted, so no click can be read before it.
CLICKS = (ConfirmationClicked.TOPIC, SenderStopped.TOPIC)
STILL_FOR_S = 5


@pytest.mark.parametrize("forties", [pytest.param(1, id="40"), pytest.param(5, id="200", marks=pytest.mark.long)])
async def test_every_event_twice_and_out_of_order_gives_the_same_outcome(calm: Runs, table: Table, forties: int):
    first = await calm.run(("all", "in order"), leaks(forties))
    assert not first.judgement.violations
    seen = replay(calm, first)
    wrong = [*_wrong_states(calm, first.leaks), *_wrong_mails(first.leaks, seen)]
    row = {"service": "all", "step": "twice, out of order", "violations": len(wrong)}
    table.add({**first.row(), **row})
    assert wrong == []


def replay(runs: Runs, first: Outcome) -> Sightings:
    """Stop everything, forget everything, tell everything again; what was seen when all is quiet."""
    supervisor, stack = runs.supervisor, runs.supervisor.stack
    for service in PROCESSES:
        assert supervisor.stop(service) == 0
    stack.empty()
    runs.hire_moderator()
    sightings = Sightings(stack)
    # While nobody reads, so that each block is accepted before anything can be sent.
    publish(runs, shuffled([record for record in first.records if record.topic not in CLICKS]))
    for service in PROCESSES:
        supervisor.start(service)
    supervisor.wait_until_ready()
    until(lambda: not lag(stack.kafka_admin, "verifier", TOPICS[LeakSubmitted.TOPIC]), "the verifier knows all leaks")
    publish(runs, shuffled([record for record in first.records if record.topic in CLICKS]))
    _wait_until_still(runs, sightings)
    sightings.close()
    return sightings


def shuffled(records: Sequence[Record]) -> list[Record]:
    """Each twice. Topics are mixed at will; within one, the first copies keep their order, as Kafka does for a key."""
    lanes: dict[str, list[Record]] = {}
    for record in records:
        lanes.setdefault(record.topic, []).append(record)
    placed: list[tuple[float, Record]] = []
    for lane in lanes.values():
        times = sorted(random.random() for _ in lane)  # noqa: S311  # no secret
        placed += zip(times, lane, strict=True)
        placed += [(random.uniform(at, 1), record) for at, record in zip(times, lane, strict=True)]  # noqa: S311
    return [record for _, record in sorted(placed, key=lambda pair: pair[0])]


def _wait_until_still(runs: Runs, sightings: Sightings) -> None:
    """All read, no mail waits, and nothing new for a while."""
    count, since = -1, time.monotonic()

    def still() -> bool:
        nonlocal count, since
        sightings.look()
        if sightings.count > count:
            count, since = sightings.count, time.monotonic()
        return time.monotonic() - since > STILL_FOR_S and all_read(runs.supervisor.stack.kafka_admin)

    until(still, "everything is told and read")
    until(lambda: not runs.mails_wait(), "no mail waits")
    sightings.look()


def _wrong_states(runs: Runs, sent: Sequence[Leak]) -> list[str]:
    wrong = []
    with httpx.Client(base_url=runs.supervisor.stack.layout.url("gateway"), trust_env=False, timeout=30) as client:
        for leak in sent:
            shown = client.get("/v1/leaks/mine", headers={"authorization": f"Bearer {leak.receipt}"}).json()
            if shown.get("state") != leak.plan.state:
                wrong.append(f"{leak.fate} shows {shown.get('state')}")
    return wrong


def _wrong_mails(sent: Sequence[Leak], seen: Sightings) -> list[str]:
    wrong = []
    for leak in sent:
        letters = sum(leak.mark in mail.text for mail in seen.mails[leak.recipient])
        # The block of its recipient is known before anything is sent this time.
        expected = 0 if leak.fate == "blocking" else leak.plan.letters
        if letters != expected:
            wrong.append(f"{leak.fate}: {letters} letters")
        if len(seen.mails[leak.sender]) != 1:
            wrong.append(f"{leak.fate}: {len(seen.mails[leak.sender])} confirmation mails")
    copies = Counter(mail.message_id for mail in seen.all_mails())
    return wrong + [f"{times} mails with one Message-ID" for times in copies.values() if times > 1]
