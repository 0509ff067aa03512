"""What component tests share: the embedded database as a process of its own, keys, and a clock that moves by hand."""

import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from local.stack import accepts
from local.until import until
from tests.support import keys
from tests.support.fakes.clock import HandClock


@pytest.fixture(scope="session")
def database_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("secantusd-py")), "--port", str(port), "--storage-path", ":memory:"]
    with subprocess.Popen([*command, "--log-level", "ERROR"]) as server:
        until(lambda: accepts(port), "the embedded database accepts")
        yield port
        server.terminate()


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every process's keys, as the set-up step makes them."""
    return keys.make(tmp_path_factory.mktemp("secrets"))


@pytest.fixture
async def database(database_port: int) -> AsyncIterator[Any]:
    """An empty database on the embedded server."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        f"mongodb://127.0.0.1:{database_port}", tz_aware=True, serverSelectionTimeoutMS=20_000
    )
    name = f"test-{secrets.token_hex(4)}"
    yield client[name]
    await client.drop_database(name)
    client.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
