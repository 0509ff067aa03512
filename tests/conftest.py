"""How tests are spread over the workers, and what the crash runs among them tell at the end."""

from pathlib import Path
from typing import Any

import pytest

from tests.crash.table import ROWS, text

HERE = Path(__file__).parent
# Each of these folders has a Kafka, databases or a whole system of its own, which lives as long as its tests run.
WITH_REAL_PARTS = frozenset({"integration", "e2e", "canaries", "crash"})


# First, because xdist reads the groups in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real parts stay together, each folder on one worker."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in WITH_REAL_PARTS:
            item.add_marker(pytest.mark.xdist_group(folder))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the rows of a worker that has ended."""
    node.config.stash.setdefault(ROWS, []).extend(getattr(node, "workeroutput", {}).get("crashes", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the table of crash runs, if there were any."""
    if rows := config.stash.get(ROWS, []):
        terminalreporter.section("crashes")
        terminalreporter.write_line(text(rows))
