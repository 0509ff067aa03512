"""`./leak up`: starts everything, keeps it alive, and ends it on Ctrl-C."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from local import demo_accounts, endpoints, jars, programs
from local.failures import Failure
from local.layout import JARS
from local.preconditions import alone, need_ports, need_room
from local.processes import Record, end_leftovers
from local.programs import Stack
from local.servers import servers
from local.supervisor import Supervisor

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(asked: argparse.Namespace) -> int:
    """Runs until it is stopped."""
    stack = Stack(asked.home.resolve(), asked.ports, asked.delay)
    began = float(os.environ.get("LEAK_BEGAN", time.time()))
    with alone(stack.paths.lock, "not started"):
        record = Record(stack.paths.processes)
        if leftovers := record.leftovers():
            say(f"ending {len(leftovers)} processes that an earlier ./leak up left")
            end_leftovers(leftovers)
        stack.paths.endpoints.unlink(missing_ok=True)
        need_room(stack.home)
        need_ports(stack.ports)
        jars.install(JARS, _show_download)
        _begin_logs(stack.paths.logs)
        supervisor = Supervisor(stack.paths.logs, record, say)
        asyncio.run(_live(supervisor, _start(supervisor, stack, began)))
        stack.paths.endpoints.unlink(missing_ok=True)
    say("stopped; ./leak up continues with what is in .leak/data")
    return 0


def say(line: str) -> None:
    """Tell the person at the terminal, now. A terminal that is gone, or a full disk behind it, ends nothing."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


async def _start(supervisor: Supervisor, stack: Stack, began: float) -> None:
    these = servers(stack.home, stack.base)
    if not these.made:
        await supervisor.run_once(programs.making(stack))
    these.kafka.configure()
    await supervisor.start(programs.server_programs(stack, these))
    await supervisor.run_once(programs.set_up(stack, these))
    sign_ins = await demo_accounts.make(stack, these)
    await supervisor.start(programs.service_programs(stack, these))
    endpoints.write(stack, sign_ins)
    say(f"\n{endpoints.table(stack, sign_ins)}\n\nready in {time.time() - began:.0f} s; Ctrl-C stops it")


async def _live(supervisor: Supervisor, starting: Coroutine[Any, Any, None]) -> None:
    """Start, then wait for a signal; a signal while starting ends that, and a second one is not needed."""
    stop = asyncio.Event()
    for number in STOPPING_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    start = asyncio.create_task(starting)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            _raise_failure(start)
            await stopped
        say("stopping")
    finally:
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        await supervisor.stop()


def _raise_failure(start: "asyncio.Task[None]") -> None:
    try:
        start.result()
    except ExceptionGroup as group:
        failures = group.subgroup(Failure)
        if failures is None:
            raise
        raise failures.exceptions[0] from None


def _begin_logs(folder: Path) -> None:
    """Keep the last run's logs beside the new ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.rename(log.with_suffix(".log.1"))


def _show_download(done: int, total: int) -> None:
    if done == total:
        say(f"Kafka: {total} jars checked")
    elif sys.stdout.isatty():
        with contextlib.suppress(BrokenPipeError):
            print(f"Kafka: {done} of {total} jars", end="\r", flush=True)
