"""Stands in for a mail relay: answers as told, and remembers what it took."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.mailer.domain import Accepted, Answer, Mail
from services.mailer.transports import Unreachable


class ScriptedTransport:
    """Has the shape of `services.mailer.transports.Transport`; is its own connection."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.offered: list[Mail] = []
        self.taken: list[Mail] = []
        self.away = False
        self.closed = False
        self.hold: asyncio.Event | None = None
        """When set, a mail stays on the wire until the event."""
        self.turn: asyncio.Event | None = None
        """When set, a mail waits for a connection until the event."""
        self._offer = asyncio.Condition()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["ScriptedTransport"]:
        if self.away:
            raise Unreachable("the relay is away")
        if self.turn is not None:
            await self.turn.wait()
        yield self

    async def send(self, mail: Mail) -> Answer:
        async with self._offer:
            self.offered.append(mail)
            self._offer.notify_all()
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers.popleft() if self.answers else Accepted()
        if isinstance(answer, Accepted):
            self.taken.append(mail)
        return answer

    async def on_the_wire(self, mails: int) -> None:
        """Wait until so many mails were offered."""
        async with self._offer, asyncio.timeout(10):
            await self._offer.wait_for(lambda: len(self.offered) >= mails)

    async def close(self) -> None:
        self.closed = True

    async def close_idle(self) -> None:
        """Nothing rests."""
