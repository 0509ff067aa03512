"""What component tests share: the embedded database as a process of its own, keys, and a clock that moves by hand."""

import asyncio
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from motor.motor_asyncio import AsyncIOMotorClient
from playwright.async_api import Browser, async_playwright
from starlette.types import ASGIApp

from local.stack import accepts
from local.until import until
from tests.support import keys
from tests.support.fakes.clock import HandClock

# Debian's, since playwright's own browsers are not packages.
PHONE: Any = {"width": 390, "height": 844}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """An application on a port of its own, for a browser; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    served = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await served


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


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
