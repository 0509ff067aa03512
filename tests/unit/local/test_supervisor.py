"""The supervisor with small stand-in programs: restarts, one-line failures, and nothing left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from local.failures import Failure
from local.processes import Child, Record, end_leftovers
from local.programs import Program
from local.stack import free_base
from local.supervisor import Supervisor, last_words

LISTEN = "import socket, time; server = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', '{SLEEP}']); print(child.pid, flush=True)"
)


class Stage:
    """A supervisor with what it said and where it keeps things."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.record = Record(folder / "processes.json")
        self.supervisor = Supervisor(folder, self.record, self.said.append)

    def program(self, name: str, code: str, port: int | None = None) -> Program:
        return Program(name, [sys.executable, "-c", code], {}, port=port)

    def pid(self, name: str) -> int:
        return int(Record(self.folder / "processes.json").entries()[name]["pid"])

    async def until_said(self, words: str) -> str:
        await until(lambda: any(words in line for line in self.said))
        return next(line for line in self.said if words in line)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    await stage.supervisor.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # processes tell no event
            await asyncio.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (signal.SIGTERM, "kafka died (SIGTERM: hello (log: "),
        (signal.SIGKILL, "kafka died (killed by SIGKILL (log: "),
    ],
)
async def test_a_program_that_dies_is_told_of_and_started_again(stage: Stage, how: signal.Signals, told: str) -> None:
    port = free_base()
    await stage.supervisor.start(
        [stage.program("kafka", f"print('hello', flush=True); {LISTEN.format(port=port)}", port)]
    )
    first = stage.pid("kafka")
    os.kill(first, how)
    line = await stage.until_said("died")
    assert line.startswith(told)
    assert line.endswith("starting it again in 1 s")
    await stage.until_said("kafka is ready again (")
    assert stage.pid("kafka") != first


async def test_a_program_that_can_not_start_ends_the_start_with_its_last_words(stage: Stage) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await stage.supervisor.start([stage.program("gateway", "raise SystemExit('no such key')", port=free_base())])
    (failure,) = raised.value.exceptions
    assert isinstance(failure, Failure)
    assert "gateway does not start (exit 1: no such key (log: " in str(failure)


async def test_a_step_that_fails_says_why(stage: Stage) -> None:
    await stage.supervisor.run_once(stage.program("set-up", "pass"))
    with pytest.raises(Failure, match=r"set-up failed \(exit 1: broker refused"):
        await stage.supervisor.run_once(stage.program("set-up", "raise SystemExit('broker refused')"))


async def test_a_program_that_a_full_disk_keeps_from_its_record_is_tried_again(tmp_path: Path) -> None:
    # A folder that is not there refuses a file as a full disk does.
    folder, said, port = tmp_path / "later", list[str](), free_base()
    supervisor = Supervisor(tmp_path, Record(folder / "processes.json"), said.append)
    program = Program("kafka", [sys.executable, "-c", LISTEN.format(port=port)], {}, port=port)
    starting = asyncio.create_task(supervisor.start([program]))
    await until(lambda: bool(said))
    assert said[0].startswith("kafka died (not even started: ")
    folder.mkdir()
    await starting
    await supervisor.stop()


def test_the_last_words_of_a_stack_trace_are_its_cause(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("java.io.IOException: No space left on device\n\tat java.base/java.io.X\n\t... 3 more\n")
    assert last_words(log).startswith("java.io.IOException: No space left on device (log: ")


async def test_stopping_ends_every_program_and_forgets_it(stage: Stage) -> None:
    ports = [free_base(), free_base()]
    await stage.supervisor.start([stage.program(f"p{port}", LISTEN.format(port=port), port) for port in ports])
    pids = [stage.pid(f"p{port}") for port in ports]
    await stage.supervisor.stop()
    assert all(gone(pid) for pid in pids)
    assert stage.record.leftovers() == []


async def test_a_program_that_ignores_the_request_to_stop_is_made_to(tmp_path: Path) -> None:
    child = await Child.start(Program("stubborn", [sys.executable, "-c", STUBBORN], {}), tmp_path)
    await until(lambda: "up" in child.log.read_text())
    await child.stop(0.2)
    assert gone(child.pid)


async def test_what_a_program_has_started_ends_with_it(tmp_path: Path) -> None:
    code = PARENT.replace("{SLEEP}", SLEEP)
    child = await Child.start(Program("parent", [sys.executable, "-c", code], {}), tmp_path)
    await child.wait()
    grandchild = int(child.log.read_text())
    await until(lambda: gone(grandchild))


async def test_what_a_killed_supervisor_left_is_ended_by_the_next_one(tmp_path: Path) -> None:
    child = await Child.start(Program("orphan", [sys.executable, "-c", SLEEP], {}), tmp_path)
    Record(tmp_path / "processes.json").add("orphan", child.pid)
    leftovers = Record(tmp_path / "processes.json").leftovers()
    assert [process.pid for process in leftovers] == [child.pid]
    await asyncio.to_thread(end_leftovers, leftovers)
    assert gone(child.pid)


async def test_another_process_that_got_the_same_number_is_left_alone(tmp_path: Path) -> None:
    child = await Child.start(Program("stranger", [sys.executable, "-c", SLEEP], {}), tmp_path)
    record = Record(tmp_path / "processes.json")
    record.add("orphan", child.pid)
    path = tmp_path / "processes.json"
    started = record.entries()["orphan"]["started"]
    path.write_text(path.read_text().replace(str(started), str(started - 100)))
    assert Record(path).leftovers() == []
    await child.stop(5)
