"""Real Kafka and databases for all tests of this folder."""

from collections.abc import Iterator

import pytest

from local.stack import RealParts, running


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealParts]:
    """Real Kafka (users and ACLs by the set-up step) and both databases; see local/stack.py."""
    with running(tmp_path_factory.mktemp("stack")) as parts:
        yield parts


@pytest.fixture
def empty_stack(stack: RealParts) -> RealParts:
    """The same, with no record and no document in it; services that still run keep their groups."""
    stack.empty()
    return stack
