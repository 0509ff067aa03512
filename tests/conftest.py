"""Fixtures for every test; the real parts start when the first test asks for them."""

from collections.abc import Iterator

import pytest

from tests.stack import RealParts, running
from tests.system import System

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
