"""The internal port of a whole service is bounded like every other; the service here waits for Kafka."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.layout import CHECKOUT
from tests.component.runtime.conftest import Client, Clients

LIVE = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port(secrets_folder: Path) -> Iterator[int]:
    port, nobody = free_port(), free_port()
    settings = {
        "SECRETS_DIR": str(secrets_folder / "verifier"),
        "INTERNAL_PORT": str(port),
        "KAFKA_SERVERS": f"127.0.0.1:{nobody}",
        "KAFKA_SECURITY": "SASL_PLAINTEXT",
        "MONGO_URL": f"mongodb://127.0.0.1:{nobody}",
        "MONGO_AUTH": "false",
    }
    environment = {**os.environ, **{f"VERIFIER_{name}": value for name, value in settings.items()}}
    command = [sys.executable, "-m", "services.verifier.main"]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL) as process:
        yield port
        process.terminate()


async def connect(clients: Clients, port: int) -> Client:
    async with asyncio.timeout(60):
        while True:
            try:
                return await clients.connect(port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)


async def test_a_head_without_end_is_refused_and_probes_are_answered(clients: Clients, port: int) -> None:
    attacker, probe = await connect(clients, port), await connect(clients, port)
    assert (await attacker.ask(LIVE[:-2] + b"x: " + b"a" * 70_000))[0] == 431
    assert (await probe.ask(LIVE))[0] == 200


async def test_one_network_does_not_take_every_connection(clients: Clients, port: int) -> None:
    held = [await connect(clients, port) for _ in range(41)]
    assert [(await client.ask(LIVE))[0] for client in held] == [200] * 32 + [503] * 9
