"""`python -m tests.crash.runner PROCESS`: a process as its wiring builds it, with crash points, a clock, and bugs.

CRASH_FOLDER holds the armed points, `clock` (seconds by which the clock is wrong) and `unknown` (one byte for each time
that the mailer's metric counted an unknown end: a killed process takes its metrics along). CRASH_BUGS names bugs.
"""

import functools
import importlib
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from faststream.kafka import KafkaBroker

from shared.events.topics import PROCESSES
from shared.runtime import metrics
from shared.runtime.clock import Clock, utc_now
from tests.crash import points
from tests.crash.bugs import BUGS

SESSION_MS = 6_000


def wrong_clock(by: Path) -> Clock:
    """The time now, off by the seconds in the file, if it is there."""

    def now() -> datetime:
        try:
            return utc_now() + timedelta(seconds=float(by.read_text() or 0))
        except FileNotFoundError:
            return utc_now()

    return now


def notice_deaths_soon() -> None:
    """A dead member leaves its groups after Kafka's shortest session instead of aiokafka's 10 s: tests kill often."""
    subscriber = KafkaBroker.subscriber
    KafkaBroker.subscriber = functools.partialmethod(  # type: ignore[method-assign,assignment]
        subscriber,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 4,
    )


def remember_unknown_ends(path: Path) -> None:
    """Count in a file what the metric counts."""
    count = metrics.MAILS_UNKNOWN.inc

    def counted(amount: float = 1) -> None:
        with path.open("ab") as file:
            file.write(b"." * int(amount))
        count(amount)

    metrics.MAILS_UNKNOWN.inc = counted  # type: ignore[method-assign,assignment]


def main(process: str) -> None:
    """Live as this process."""
    folder = Path(os.environ["CRASH_FOLDER"])
    points.install(points.Points(folder))
    notice_deaths_soon()
    remember_unknown_ends(folder / "unknown")
    for bug in os.environ.get("CRASH_BUGS", "").split():
        BUGS[bug]()
    service = PROCESSES[process].service
    wiring = importlib.import_module(f"services.{service}.wiring")
    settings = importlib.import_module(f"services.{service}.settings")
    wiring.build(settings.Settings(), clock=wrong_clock(folder / "clock")).run()


if __name__ == "__main__":
    main(sys.argv[1])
