"""Real Kafka and databases for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import RealParts, running
from tests.support.certificates import self_signed


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


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of our own for 127.0.0.1, in one file."""
    return self_signed(tmp_path_factory.mktemp("tls"))
