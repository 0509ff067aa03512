"""The SMTP side: takes mail for anybody, and answers 250 once it is on disk."""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from local.sink.mailbox import Mailbox
from local.sink.refusals import Refusals

NAME = "mailbox.local"
MAX_MAIL_BYTES = 10 * 1024 * 1024


class Receiving:
    """What aiosmtpd asks at each step."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._refusals = Refusals()

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take the recipient, unless its name asks for a refusal."""
        refusal = self._refusals.at_recipient(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 2.1.5 taken"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail."""
        for address in envelope.rcpt_tos:
            if refusal := self._refusals.at_data(address):
                return refusal
        raw: Any = envelope.original_content
        await asyncio.to_thread(self._mailbox.keep, envelope.mail_from or "", envelope.rcpt_tos, raw)
        return "250 2.0.0 kept"


async def listen(mailbox: Mailbox, host: str, port: int) -> asyncio.Server:
    """Take mail on this port until the server is closed."""
    loop = asyncio.get_running_loop()
    receiving = Receiving(mailbox)
    return await loop.create_server(
        lambda: SMTP(
            receiving,
            hostname=NAME,
            ident="Leak's local mailbox",
            enable_SMTPUTF8=True,
            data_size_limit=MAX_MAIL_BYTES,
            loop=loop,
        ),
        host,
        port,
    )
