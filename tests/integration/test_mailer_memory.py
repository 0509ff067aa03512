"""What stays in the mailer's memory while a connection rests: nothing of the mail that went over it."""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.runtime.memory import OVERWRITING
from tests.support import memory
from tests.support.certificates import server_side
from tests.support.fakes.hostile_smtp import HostileSmtp

SENDS = """
import asyncio, uvloop
from pathlib import Path
from services.mailer.domain import Mail
from services.mailer.transports.smtp import Pace, Relay, SmtpTransport
from shared.runtime.memory import overwrite_read_buffer
async def send():
    port, security, certificate = sys.argv[1:]
    transport = SmtpTransport(Relay("127.0.0.1", int(port), security, "leak.example", Path(certificate)), Pace(1, 9, 5))
    to = f"{secret.decode()}@example.org"
    async with transport.connection() as connection:
        await connection.send(Mail("letters@leak.example", to, f"To: {to}\\r\\n\\r\\n{to * 200}\\r\\n".encode()))
    del connection, to
    await overwrite_read_buffer()
    done()
uvloop.run(send())
"""


@pytest.mark.skipif(bool(memory.forbidden()), reason=str(memory.forbidden()))
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_connection_at_rest_holds_nothing_of_its_mail(security: str, certificate: Path) -> None:
    secret = secrets.token_hex(12)

    def is_held(port: int, environment: Mapping[str, str]) -> bool:
        told = (str(port), security, str(certificate))
        with memory.process(SENDS, environment, *told, secret=secret) as (pid, text):
            return memory.holds(pid, text)

    async with HostileSmtp().listening(server_side(certificate) if security == "tls" else None) as server:
        server.tls = server_side(certificate) if security == "starttls" else None
        # Many servers repeat the address in their answers.
        server.plan["RCPT"] += [f"250 2.1.5 <{secret}@example.org> ok"] * 2
        server.plan["END"] += [f"250 2.0.0 queued, {'x' * 200}, for <{secret}@example.org>"] * 2
        assert await asyncio.to_thread(is_held, server.port, {})
        assert not await asyncio.to_thread(is_held, server.port, OVERWRITING)
        assert len(server.taken) == 2
