"""Fixtures for every test; the real parts start when the first test asks for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import RealParts, running
from tests.system import System

HERE = Path(__file__).parent
# Each of these folders has a Kafka, databases or a whole system of its own, shared by its tests.
WITH_REAL_PARTS = frozenset({"integration", "e2e", "canaries", "crash"})


# First, because xdist reads the groups in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real parts stay together, each folder on one worker."""
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in WITH_REAL_PARTS:
            item.add_marker(pytest.mark.xdist_group(folder))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealParts]:
    """Real Kafka (users and ACLs by the set-up step) and both databases, shared by the session; see tests/stack.py."""
    with running(tmp_path_factory.mktemp("stack")) as parts:
        yield parts


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system, started as a person starts it and shared by the session; see tests/system.py."""
    running_system = System(tmp_path_factory.mktemp("system"))
    try:
        running_system.start()
        yield running_system
    finally:
        running_system.end()


@pytest.fixture
def empty_stack(stack: RealParts) -> RealParts:
    """The same, with no record and no document in it; services that still run keep their groups."""
    stack.empty()
    return stack
