"""The table of all runs: printed at the end, and kept with the machine and the commit it was made on."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.layout import CHECKOUT

RESULTS = CHECKOUT / "bench" / "results" / "crashes.json"
COLUMNS = (
    "service", "step", "leaks", "lost", "twice", "unknown_ends", "violations", "kills", "ready_again_s", "settled_s",
)


class Table:
    """Rows as they come."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        """One run's."""
        self.rows.append(row)

    def text(self) -> str:
        """For people."""
        cells = [COLUMNS, *([str(row[name]) for name in COLUMNS] for row in self.rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
        return "\n".join(line.rstrip() for line in lines)

    def keep(self, path: Path = RESULTS) -> None:
        """For comparing later."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"made_on": _machine(), "rows": self.rows}, indent=2) + "\n")


def _machine() -> dict[str, Any]:
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "commit": commit or None, "at": datetime.now(UTC).isoformat(timespec="seconds"), "cpus": os.cpu_count(),
        "kernel": platform.release(), "load_at_the_end": os.getloadavg()[0],
    }
