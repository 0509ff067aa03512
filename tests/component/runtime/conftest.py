"""Real listeners in a process of their own, and clients that write bytes as they like."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from local.layout import CHECKOUT

GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


@dataclass
class Client:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """As far as the server takes it."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def answer(self) -> tuple[int, bytes]:
        """The next answer that has a length: its status and body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert length, head
        return int(head.split()[1]), await self.reader.readexactly(int(length[1]))

    async def ask(self, data: bytes = GET) -> tuple[int, bytes]:
        await self.send(data)
        return await self.answer()

    async def end(self, within_s: float = 30) -> bytes:
        """All that still comes until the server closes; TimeoutError when it doesn't."""
        parts = []
        with suppress(ConnectionError):
            async with asyncio.timeout(within_s):
                while part := await self.reader.read(65_536):
                    parts.append(part)
        return b"".join(parts)

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Clients:
    """Connects; closes at the end of the test."""

    def __init__(self) -> None:
        self._open: list[Client] = []

    async def connect(self, port: int, source: str = "127.0.0.1") -> Client:
        """From an address of the loopback network: each is a network of its own."""
        client = Client(*await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)))
        self._open.append(client)
        return client

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._open))


@dataclass
class Served:
    """The process that listens."""

    clients: Clients
    door: int
    internal: int
    most: int

    async def connect(self, source: str = "127.0.0.1") -> Client:
        return await self.clients.connect(self.door, source)

    async def internally(self, path: str) -> str:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            return (await client.get(f"http://127.0.0.1:{self.internal}{path}")).text

    async def refused(self, cause: str) -> int:
        """How many connections were refused or ended because of this."""
        found = re.search(
            rf'leak_connections_refused_total{{cause="{cause}"}} (\d+)', await self.internally("/metrics")
        )
        return int(found[1]) if found else 0


Serve = Callable[..., Served]


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    made = Clients()
    yield made
    await made.close()


@pytest.fixture
def serve(clients: Clients) -> Iterator[Serve]:
    """Start listeners: `deadlines` in seconds, `most` and `most_a_network` connections, `files` that may be open."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(
        *,
        most: int = 4_096,
        most_a_network: int = 256,
        files: int | None = None,
        proxies: tuple[str, ...] = (),
        **deadlines: float,
    ) -> Served:
        asked: dict[str, Any] = {"most": most, "most_a_network": most_a_network, "files": files, "proxies": proxies}
        command = [
            sys.executable,
            "-m",
            "tests.component.runtime.answering",
            json.dumps({**asked, "deadlines": deadlines}),
        ]
        process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout
        return Served(clients, **json.loads(process.stdout.readline()))

    yield start
    for process in processes:
        process.terminate()
        process.wait()
        assert process.stdout
        process.stdout.close()
