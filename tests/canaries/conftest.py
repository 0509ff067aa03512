"""One running system for all tests of this folder, and one life of each kind that was led in it."""

from collections.abc import Iterator

import pytest

from local.stack import RealParts, running
from tests.canaries.lives import Lives
from tests.canaries.people import FATES
from tests.canaries.strays import lived
from tests.canaries.world import World, world


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealParts]:
    """Real Kafka and both databases, with everybody's rights."""
    with running(tmp_path_factory.mktemp("canaries")) as parts:
        yield parts


@pytest.fixture(scope="package")
def alive(stack: RealParts) -> Iterator[World]:
    """The services and a mailbox, on these real parts."""
    with world(stack) as one:
        yield one


@pytest.fixture(scope="package")
def few(alive: World) -> Lives:
    """One life of each kind, and every way to be refused."""
    return lived(alive, len(FATES))
