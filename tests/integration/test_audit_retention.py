"""The database's own clock deletes origins too: its server's time is moved a year on."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from libfaketime import get_reload_information
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient

from local.stack import accepts
from local.until import until
from services.audit.store.origins import DYING, NET_S, OriginStore
from shared.runtime.clock import utc_now

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

YEAR = timedelta(days=365)
# The embedded database looks for what has expired once a minute.
EXPIRES_WITHIN_S = 150


@contextmanager
def database(folder: Path, moved: str = "") -> Iterator[str]:
    """The embedded database on a folder, its clock moved; the URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, **get_reload_information()[1], "FAKETIME": moved} if moved else dict(os.environ)
    command = [str(Path(sys.executable).with_name("secantusd-py")), "--port", str(port), "--storage-path", str(folder)]
    server = subprocess.Popen([*command, "--log-level", "ERROR"], env=environment, start_new_session=True)
    try:
        until(lambda: accepts(port), "the embedded database accepts", server)
        yield f"mongodb://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def dying(own_time: datetime) -> dict[str, Any]:
    return {"captured_at": own_time, "expires_at": own_time + YEAR, "sealed_origin": "lk1.sealed"}


async def test_a_database_a_year_ahead_keeps_only_what_is_younger(tmp_path: Path):
    old, young = utc_now() - timedelta(seconds=NET_S + 60), utc_now() + timedelta(days=1)
    with database(tmp_path) as url:
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url, tz_aware=True)
        await OriginStore(client["audit"]).create_indexes()
        for name in DYING:
            await client["audit"][name].insert_many([{"_id": "old", **dying(old)}, {"_id": "young", **dying(young)}])
        client.close()
    with database(tmp_path, "+365d") as url, MongoClient[dict[str, Any]](url, tz_aware=True) as moved:
        deadline = time.monotonic() + EXPIRES_WITHIN_S
        while any(moved["audit"][name].count_documents({"_id": "old"}) for name in DYING):
            assert time.monotonic() < deadline, "what should have died is still there"
            await asyncio.sleep(1)
        assert all(moved["audit"][name].count_documents({"_id": "young"}) for name in DYING)
