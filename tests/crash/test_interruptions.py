"""What operators and machines do to a running system: restarts, replicas, outages, refusals, wrong clocks."""

import pytest
from confluent_kafka import Producer

from deploy.setup.kafka import acls_of
from local.groups import lag
from local.kafka import ADMIN
from shared.events.leaks import LeakSubmitted
from shared.events.topics import PROCESSES, TOPICS
from tests.crash.fates import leaks
from tests.crash.runs import Runs
from tests.crash.supervisor import LEASE_S, SERVERS, Supervisor, until
from tests.crash.table import Table
from tests.support.rights import give_right, take_right

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LOADS = [pytest.param(1, id="40"), pytest.param(5, id="200", marks=pytest.mark.long)]
DEAD = "verifier.dead.v1"


@pytest.mark.parametrize("forties", LOADS)
async def test_sigterm_of_each_service_under_load_loses_nothing_and_mails_nothing_twice(
    calm: Runs, table: Table, forties: int
):
    statuses = {}

    def trouble(supervisor: Supervisor) -> None:
        supervisor.until_mails(3)
        for service in PROCESSES:
            statuses[service] = supervisor.restart(service)

    outcome = await calm.run(("each", "SIGTERM"), leaks(forties), trouble, spread_s=15)
    table.add(outcome.row())
    assert not outcome.judgement.violations
    assert outcome.judgement.twice == outcome.judgement.unknown_ends == 0
    assert statuses == dict.fromkeys(PROCESSES, 0)


@pytest.mark.parametrize(
    ("services", "forties"),
    [
        pytest.param(("verifier", "mailer-letters"), 1, id="two"),
        pytest.param(tuple(PROCESSES), 5, id="all", marks=pytest.mark.long),
    ],
)
async def test_a_second_replica_that_joins_and_leaves_in_mid_batch_changes_nothing(
    calm: Runs, table: Table, services: tuple[str, ...], forties: int
):
    def trouble(supervisor: Supervisor) -> None:
        supervisor.until_mails(2)
        replicas = [supervisor.replica(service) for service in services]
        supervisor.wait_until_ready()
        for name in replicas:
            assert supervisor.stop(name) == 0

    outcome = await calm.run(("replicas", "join and leave"), leaks(forties), trouble, spread_s=15)
    table.add(outcome.row())
    assert not outcome.judgement.violations
    assert outcome.judgement.twice == 0


@pytest.mark.long
async def test_a_mailer_frozen_for_longer_than_its_leases_repeats_only_what_it_had_on_the_wire(
    calm: Runs, table: Table
):
    """Another one takes over; the frozen one wakes up with mails in its hands that are no longer its own."""

    def trouble(supervisor: Supervisor) -> None:
        other = supervisor.replica("mailer-letters")
        supervisor.wait_until_ready()
        supervisor.until_mails(3)
        supervisor.freeze("mailer-letters", LEASE_S + 5)
        supervisor.until_mails(3)
        assert supervisor.stop(other) == 0

    outcome = await calm.run(("mailer-letters", "frozen"), leaks(5), trouble, spread_s=30, freezes=1)
    table.add(outcome.row())
    assert not outcome.judgement.violations


@pytest.mark.parametrize(
    ("servers", "forties"),
    [
        pytest.param(SERVERS, 1, id="one after the other"),
        *(pytest.param((server,), 5, id=server, marks=pytest.mark.long) for server in SERVERS),
    ],
)
async def test_a_server_killed_hard_under_load_loses_nothing(
    calm: Runs, table: Table, servers: tuple[str, ...], forties: int
):
    def trouble(supervisor: Supervisor) -> None:
        supervisor.until_mails(3)
        for server in servers:
            supervisor.kill_server(server)

    outcome = await calm.run((" ".join(servers), "kill -9"), leaks(forties), trouble, spread_s=15)
    table.add(outcome.row())
    assert not outcome.judgement.violations


@pytest.mark.parametrize("forties", LOADS)
async def test_while_the_dead_letter_topic_refuses_everything_waits_and_nothing_is_lost(
    calm: Runs, table: Table, forties: int
):
    def trouble(supervisor: Supervisor) -> None:
        admin = supervisor.stack.kafka_admin
        [right] = [acl for acl in acls_of("verifier") if acl.name == DEAD and acl.operation.name == "WRITE"]
        supervisor.until_mails(3)
        dead = supervisor.stack.read(DEAD)
        take_right(admin, right)
        try:
            poison = Producer(supervisor.stack.librdkafka_login(ADMIN))
            for number in range(3):
                poison.produce(LeakSubmitted.TOPIC, value=b"garbage", key=str(number))
            assert poison.flush(30) == 0
            # The garbage stands in front of what comes after it: when much is unread, the verifier met it and waits.
            until(lambda: lag(admin, "verifier", TOPICS[LeakSubmitted.TOPIC]) > 6, "the verifier waits")
            assert supervisor.stack.read(DEAD) == dead
        finally:
            give_right(admin, right)

    outcome = await calm.run(("verifier", "dead letters refused"), leaks(forties), trouble, spread_s=15)
    dead = [violation for violation in outcome.judgement.violations if violation.what == "dead letter"]
    table.add({**outcome.row(), "violations": len(outcome.judgement.violations) - len(dead)})
    assert outcome.judgement.kinds == {"dead letter"}
    assert {one.details for one in dead} == {"Permanent"}
    assert len({record.says["record_key"] for record in outcome.records if record.topic == DEAD}) == 3


@pytest.mark.parametrize("forties", LOADS)
async def test_clocks_that_jump_lose_nothing_and_break_no_promise(calm: Runs, table: Table, forties: int):
    """The mailer's by more than a lease, and back; the others' by an hour."""

    def trouble(supervisor: Supervisor) -> None:
        set_clock = supervisor.set_clock
        supervisor.until_mails(3)
        for service, by_s in {
            "verifier": 3_600,
            "audit": 3_600,
            "gateway-accept": -3_600,
            "mailer-letters": 30,
        }.items():
            set_clock(service, by_s)
        supervisor.until_mails(3)
        for service, by_s in {"verifier": -3_600, "audit": -3_600, "moderation": -10, "mailer-letters": -10}.items():
            set_clock(service, by_s)
        supervisor.until_mails(2)
        supervisor.set_right()

    outcome = await calm.run(("each", "clock jumps"), leaks(forties), trouble, spread_s=15, freezes=1)
    table.add(outcome.row())
    assert not outcome.judgement.violations
