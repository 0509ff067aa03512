"""Ways to hand a mail over: one interface, a file each. A transport knows at which point an exchange failed."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.mailer.domain import Answer, Mail
from shared.runtime.errors import Transient


class Unreachable(Transient):
    """No connection to the mail server, or it takes nothing from us now; says nothing about any mail."""


class Connection(Protocol):
    """One mail at a time."""

    async def send(self, mail: Mail) -> Answer:
        """Hand `mail` over once; never raises for what the mail server or the network does."""


class Transport(Protocol):
    """Opens and keeps connections."""

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection of one's own, for one mail; waits for its turn, raises Unreachable.

        Held until the mail's end is in the journal: so at most one mail a connection can have an unknown end.
        """

    async def close(self) -> None:
        """Say goodbye on every connection."""

    async def close_idle(self) -> None:
        """Close what nobody used for a while."""
