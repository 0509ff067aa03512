"""How tests are spread over the workers."""

from pathlib import Path

import pytest

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
