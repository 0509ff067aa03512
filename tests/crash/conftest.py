"""One supervised system for all tests of crashes, on a Kafka and databases of its own, since they are killed too."""

import secrets
from collections.abc import Iterator

import pytest

from local.stack import running
from tests.crash.runs import Runs
from tests.crash.supervisor import Supervisor
from tests.crash.table import ROWS, Table


@pytest.fixture(scope="package")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Five services under the supervisor, a moderator at the desk, nothing armed."""
    with running(tmp_path_factory.mktemp("crash")) as parts:
        supervisor = Supervisor(parts)
        made = Runs(supervisor, secrets.token_urlsafe(24))
        made.hire_moderator()
        supervisor.up()
        try:
            yield made
        finally:
            supervisor.end()


@pytest.fixture
def calm(runs: Runs) -> Iterator[Runs]:
    """The same, with nothing left armed by the last test, and every clock right."""
    runs.supervisor.disarm()
    runs.supervisor.set_right()
    yield runs
    runs.supervisor.disarm()
    runs.supervisor.set_right()


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> Table:
    """Every run's row; kept when the full matrix is among them."""
    is_long = any(item.get_closest_marker("long") for item in request.session.items)
    return Table(request.config.stash.setdefault(ROWS, []), kept=is_long)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's rows to whoever shows them: see tests/conftest.py."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["crashes"] = session.config.stash.get(ROWS, [])
