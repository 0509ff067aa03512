"""A mail server that misbehaves on command, at whatever verb it is told to."""

import asyncio
import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum, auto


class Trick(Enum):
    """What it may do instead of answering."""

    DROP = auto()
    """Close the connection; at the end of the data the mail is lost."""
    TAKE_AND_DROP = auto()
    """At the end of the data: keep the mail, then close without a word."""
    SILENCE = auto()
    """Never answer."""
    GARBAGE = auto()
    """Answer with something that is not SMTP."""


DEFAULTS = {
    "CONNECT": "220 hostile.example",
    "EHLO": "250-hostile.example\r\n250-SMTPUTF8\r\n250 STARTTLS",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go",
    "END": "250 taken",
    "RSET": "250 ok",
    "NOOP": "250 ok",
    "QUIT": "221 bye",
    "STARTTLS": "220 go",
}


class HostileSmtp:
    """Each verb follows its plan, one entry a time, then is good. CONNECT is the greeting, END the end of the data."""

    def __init__(self) -> None:
        self.plan: dict[str, deque[str | Trick]] = defaultdict(deque)
        self.received: list[bytes] = []
        """Mails whose data ended, whatever was answered."""
        self.taken: list[bytes] = []
        self.connections = 0
        self.verbs: list[str] = []
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["HostileSmtp"]:
        """Serve on a free port; with `tls`, from the first byte."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()
            await server.wait_closed()

    def hang_up(self) -> None:
        """Close every connection, whatever it is doing."""
        for writer in list(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            alive = await self._answer("CONNECT", writer)
            while alive:
                verb = (await reader.readuntil(b"\r\n")).split()[0].decode().upper()
                self.verbs.append(verb)
                alive = await self._answer(verb, writer)
                if alive and verb == "DATA" and self._last.startswith("354"):
                    alive = await self._take(await reader.readuntil(b"\r\n.\r\n"), writer)
                if alive and verb == "STARTTLS" and self.tls is not None:
                    await writer.start_tls(self.tls)
                alive = alive and verb != "QUIT"
        self._open.discard(writer)
        writer.close()

    async def _take(self, data: bytes, writer: asyncio.StreamWriter) -> bool:
        mail = data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        self.received.append(mail)
        step = self.plan["END"][0] if self.plan["END"] else DEFAULTS["END"]
        if step is Trick.TAKE_AND_DROP or (isinstance(step, str) and step.startswith("250")):
            self.taken.append(mail)
        return await self._answer("END", writer)

    async def _answer(self, verb: str, writer: asyncio.StreamWriter) -> bool:
        step = self.plan[verb].popleft() if self.plan[verb] else DEFAULTS.get(verb, "502 what?")
        self._last = step if isinstance(step, str) else ""
        if step in (Trick.DROP, Trick.TAKE_AND_DROP):
            return False
        if step is Trick.SILENCE:
            return True
        writer.write(b"nonsense\r\n" if step is Trick.GARBAGE else f"{step}\r\n".encode())
        await writer.drain()
        return True
