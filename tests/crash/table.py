"""The table of all runs: printed at the end, and kept with the machine and the commit it was made on."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.layout import CHECKOUT

RESULTS = CHECKOUT / "bench" / "results" / "crashes.json"
COLUMNS = (
    "service",
    "step",
    "leaks",
    "lost",
    "twice",
    "unknown_ends",
    "violations",
    "kills",
    "ready_again_s",
    "settled_s",
)

Row = dict[str, Any]
ROWS = pytest.StashKey[list[Row]]()


class Table:
    """Rows as they come; with `kept`, each is in the file at once, so that a matrix cut short is not made in vain."""

    def __init__(self, rows: list[Row], *, kept: bool = False) -> None:
        self.rows = rows
        self._kept = kept

    def add(self, row: Row) -> None:
        """One run's, with what it was made on."""
        self.rows.append(row | _made_on())
        if self._kept:
            self.keep()

    def keep(self, path: Path = RESULTS) -> None:
        """For comparing later. Rows of runs that were not made again stay, with the commit they were made on."""
        path.parent.mkdir(parents=True, exist_ok=True)
        earlier = json.loads(path.read_text())["rows"] if path.exists() else []
        rows = {_run(row): row for row in earlier} | {_run(row): row for row in self.rows}
        machine = {"cpus": os.cpu_count(), "kernel": platform.release()}
        path.write_text(json.dumps({"machine": machine, "rows": list(rows.values())}, indent=2) + "\n")


def text(rows: Sequence[Row]) -> str:
    """For people."""
    cells = [COLUMNS, *([str(row[name]) for name in COLUMNS] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    return "\n".join(line.rstrip() for line in lines)


def _run(row: Row) -> tuple[Any, ...]:
    return row["service"], row["step"], row["leaks"]


def _made_on() -> Row:
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.strip()
    day, load = datetime.now(UTC).date().isoformat(), round(os.getloadavg()[0], 1)
    return {"commit": commit or None, "day": day, "load_of_the_machine": load}
