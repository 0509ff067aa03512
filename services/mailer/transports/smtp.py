"""Hands mails to an SMTP relay: pooled connections, one mail in flight on each, and a sure word on how it ended."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponse, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

from services.mailer.domain import Accepted, Answer, Deferred, Mail, NotSent, Rejected, Unknown
from services.mailer.transports import Unreachable
from shared.runtime import metrics

OK: Final = 2
"""First digit of a positive answer."""
START_DATA: Final = 354
CLOSING: Final = 421
GOODBYE_S: Final = 2.0
FRESH_S: Final = 2.0
"""A connection that rested longer is asked whether it still lives, before a mail is trusted to it."""
IDLE_S: Final = 30.0
"""A connection that rested longer is closed; servers close theirs after a minute or more."""

# RFC 3463: the mailbox or its domain does not exist (5.1.x but the sender's own, 5.1.7 and 5.1.8), or is disabled.
_NO_MAILBOX = re.compile(r"5\.(1\.(0|1|2|3|6|10)|2\.1)\b")
_HAS_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_BARE_NO_MAILBOX = (550, 551, 553)


@dataclass(frozen=True)
class Relay:
    """Where the relay is, and how it is spoken to."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    greeting: str
    """The name in EHLO; given, because the default is this machine's."""
    ca_file: Path | None = None
    user: str | None = None
    password: str | None = None


@dataclass(frozen=True)
class Pace:
    """How much at once, and how long at most."""

    connections: int
    mails_per_connection: int
    exchange_s: float


class SmtpTransport:
    """The pool."""

    def __init__(self, relay: Relay, pace: Pace) -> None:
        self._relay = relay
        self._pace = pace
        self._turns = asyncio.Semaphore(pace.connections)
        self._idle: list[SmtpConnection] = []
        self._tls = None if relay.security == "none" else ssl.create_default_context(cafile=relay.ca_file)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["SmtpConnection"]:
        """A live connection; Unreachable when there is none to be had."""
        async with self._turns:
            connection = await self._rested() or await self._connect()
            try:
                yield connection
            finally:
                if await connection.is_reusable(self._pace.mails_per_connection):
                    self._idle.append(connection)
                else:
                    await connection.close()

    async def close(self) -> None:
        """Say goodbye on every connection."""
        while self._idle:
            await self._idle.pop().close()

    async def close_idle(self) -> None:
        """Close what has rested too long."""
        late = [connection for connection in self._idle if connection.rested_s > IDLE_S]
        self._idle = [connection for connection in self._idle if connection not in late]
        for connection in late:
            await connection.close()

    async def _rested(self) -> "SmtpConnection | None":
        while self._idle:
            connection = self._idle.pop()
            if await connection.is_alive():
                return connection
            await connection.close()
        return None

    async def _connect(self) -> "SmtpConnection":
        relay = self._relay
        client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            local_hostname=relay.greeting,
            timeout=self._pace.exchange_s,
            use_tls=relay.security == "tls",
            start_tls=relay.security == "starttls",
            tls_context=self._tls,
            username=relay.user,
            password=relay.password,
        )
        try:
            async with asyncio.timeout(self._pace.exchange_s):
                await client.connect()
                await client.ehlo()
        except (SMTPException, OSError, ValueError) as failed:
            client.close()
            metrics.MAIL_RELAY_UP.set(0)
            raise Unreachable("the mail relay can't be reached") from failed
        metrics.MAIL_RELAY_UP.set(1)
        return SmtpConnection(client, self._pace.exchange_s)


class SmtpConnection:
    """One SMTP session."""

    def __init__(self, client: aiosmtplib.SMTP, exchange_s: float) -> None:
        self._client = client
        self._exchange_s = exchange_s
        self._mails = 0
        self._clean = True
        self._used_at = self._now()

    @property
    def rested_s(self) -> float:
        """Seconds since its last exchange."""
        return self._now() - self._used_at

    async def send(self, mail: Mail) -> Answer:
        """Hand a mail over. Before its last byte is written a failure is certain; after it, the end is unknown."""
        self._mails += 1
        self._clean = False
        handed = False
        try:
            async with asyncio.timeout(self._exchange_s):
                refusal = await self._open(mail)
                if refusal is not None:
                    return refusal
                handed = True
                response = await self._hand_over(mail.data)
        except (SMTPException, OSError):
            # A malformed or endless answer is no answer: nobody knows what the server did.
            self._client.close()
            return Unknown() if handed else NotSent()
        finally:
            self._used_at = self._now()
        return self._read(response, at_recipient=False) or Unknown()

    async def is_alive(self) -> bool:
        """Whether a mail can be trusted to it."""
        if not self._client.is_connected or self.rested_s > IDLE_S:
            return False
        return self.rested_s < FRESH_S or await self._ask(b"NOOP")

    async def is_reusable(self, mails_at_most: int) -> bool:
        """Whether it may rest for the next mail; clears what a refused one left behind."""
        if not self._client.is_connected or self._mails >= mails_at_most:
            return False
        if not self._clean:
            self._clean = await self._ask(b"RSET")
        return self._clean

    async def close(self) -> None:
        """QUIT if it still listens, then close."""
        if self._client.is_connected:
            with suppress(SMTPException, OSError):
                await self._client.quit(timeout=GOODBYE_S)
        self._client.close()

    async def _open(self, mail: Mail) -> Answer | None:
        """MAIL, RCPT and DATA up to its go-ahead; the answer when there is none."""
        utf8 = not mail.envelope_to.isascii()
        if utf8 and not self._client.supports_extension("smtputf8"):
            return Rejected()
        sender = await self._command(b"MAIL", f"FROM:<{mail.envelope_from}>".encode(), *([b"SMTPUTF8"] if utf8 else []))
        if sender.code // 100 != OK:
            # It refuses us, not this mail: to bounce would lose every mail to a mistake in our own set-up.
            return Deferred()
        recipient = await self._command(b"RCPT", f"TO:<{mail.envelope_to}>".encode())
        if recipient.code // 100 != OK:
            return self._read(recipient, at_recipient=True) or NotSent()
        start = await self._command(b"DATA")
        if start.code != START_DATA:
            return self._read(start, at_recipient=False) or NotSent()
        return None

    async def _hand_over(self, data: bytes) -> SMTPResponse:
        protocol: SMTPProtocol | None = self._client.protocol
        if protocol is None:
            raise SMTPServerDisconnected("closed after its go-ahead")
        # A line that begins with a dot gets a second one (RFC 5321, 4.5.2).
        stuffed = data.replace(b"\r\n.", b"\r\n..")
        protocol.write((b"." + stuffed if data.startswith(b".") else stuffed) + b".\r\n")
        return await protocol.read_response()

    async def _command(self, *words: bytes) -> SMTPResponse:
        response = await self._client.execute_command(*words)
        if response.code == CLOSING:
            self._client.close()
        return response

    def _read(self, response: SMTPResponse, *, at_recipient: bool) -> Answer | None:
        """What a response says about the mail; None when it says nothing that SMTP knows."""
        match response.code // 100:
            case 2 if not at_recipient:
                self._clean = True
                return Accepted()
            case 4:
                return Deferred()
            case 5:
                return Rejected(no_mailbox=at_recipient and _no_mailbox(response))
        self._client.close()
        return None

    async def _ask(self, word: bytes) -> bool:
        try:
            async with asyncio.timeout(GOODBYE_S):
                response = await self._client.execute_command(word)
        except (SMTPException, OSError):
            return False
        return response.code // 100 == OK

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _no_mailbox(response: SMTPResponse) -> bool:
    enhanced = _HAS_ENHANCED.match(response.message)
    return bool(_NO_MAILBOX.match(response.message)) if enhanced else response.code in _BARE_NO_MAILBOX
