"""`./leak up` with everything real: a demo passes, what dies comes back, a hard kill loses no leak, Ctrl-C ends all."""

import os
import signal
from collections.abc import Iterator

import pytest

from local.demo import SCENES
from local.failures import Failure
from local.leak_lives import Life, Walk
from local.until import until
from tests.support.system import STOP_WITHIN_S, System, alive, running

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("up")) as one:
        yield one


def taken(walk: Walk, life: Life) -> bool:
    """Whether the gateway takes it now: while Kafka or the database is away it answers 503."""
    try:
        walk.send(life)
    except Failure:
        return False
    return True


def test_the_demo_ends_right(own_system: System) -> None:
    done = own_system.verb("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("three right endings\n")


def test_a_second_up_in_the_same_folder_is_refused_in_one_line(own_system: System) -> None:
    done = own_system.verb("up")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("leak: not started: ./leak up is running here (process ")


def test_an_up_elsewhere_on_the_same_ports_names_the_port(own_system: System) -> None:
    done = System(own_system.home / "elsewhere").verb("up", "--ports", str(own_system.base))
    assert done.returncode == 1
    assert done.stderr.startswith(f"leak: port {own_system.base} (gateway) is taken")


def test_passwords_and_mails_are_for_the_owner_alone(own_system: System) -> None:
    assert own_system.paths.endpoints.stat().st_mode & 0o077 == 0
    assert own_system.paths.mail.stat().st_mode & 0o077 == 0
    assert set(own_system.endpoints()["sign_ins"]) == {"moderation", "audit"}


@pytest.mark.parametrize("name", ["mailer-letters", "kafka", "database"])
def test_a_program_that_is_killed_comes_back_and_leaks_go_on(own_system: System, name: str) -> None:
    before = own_system.pids()[name]
    os.kill(before, signal.SIGKILL)
    own_system.until_said(rf"^{name} died \(killed by SIGKILL ")
    own_system.until_said(rf"^{name} is ready again ")
    assert own_system.pids()[name] != before
    life = Life(SCENES[0])
    with Walk(own_system.endpoints()) as walk:
        until(lambda: taken(walk, life), "the gateway takes leaks again")
        walk.on_from_confirmation(life)


def test_after_a_hard_kill_the_next_up_ends_what_was_left_and_the_leak_goes_on(own_system: System) -> None:
    life, before = Life(SCENES[0]), own_system.pids()
    with Walk(own_system.endpoints()) as walk:
        walk.send(life)

    own_system.kill()
    assert any(alive(pid) for pid in before.values())
    own_system.start()

    assert f"ending {len(before)} processes that an earlier ./leak up left" in own_system.said()
    assert not any(alive(pid) for pid in before.values())
    with Walk(own_system.endpoints()) as walk:
        walk.on_from_confirmation(life)


def test_ctrl_c_ends_everything_in_time_and_leaves_data_and_logs_only(own_system: System) -> None:
    pids = own_system.pids()
    assert own_system.interrupt() < STOP_WITHIN_S
    assert not any(alive(pid) for pid in pids.values())
    assert own_system.pids() == {}
    assert not own_system.paths.endpoints.exists()
