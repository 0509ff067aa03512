"""The SMTP transport against a real server that misbehaves, and against the local mailbox as a process."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.until import until
from services.mailer.domain import Accepted, Answer, Deferred, Mail, NotSent, Rejected, Unknown
from services.mailer.transports import Unreachable
from services.mailer.transports.smtp import Pace, Relay, SmtpTransport
from tests.support.certificates import server_side
from tests.support.fakes.hostile_smtp import HostileSmtp, Trick

MAIL = Mail("letters@leak.example", "ben@example.org", b"Subject: hello\r\n\r\n.dot\r\n..two\r\nend\r\n")


@pytest.fixture
async def server() -> AsyncIterator[HostileSmtp]:
    async with HostileSmtp().listening() as hostile:
        yield hostile


@pytest.fixture
async def transport(server: HostileSmtp) -> AsyncIterator[SmtpTransport]:
    transport = SmtpTransport(Relay("127.0.0.1", server.port, "none", "leak.example"), Pace(2, 100, 0.5))
    yield transport
    await transport.close()


async def send(transport: SmtpTransport, mail: Mail = MAIL) -> Answer:
    async with transport.connection() as connection:
        return await connection.send(mail)


async def test_the_bytes_arrive_as_they_were(transport: SmtpTransport, server: HostileSmtp) -> None:
    assert await send(transport) == Accepted()
    assert server.taken == [MAIL.data]


async def test_one_connection_serves_mail_after_mail(transport: SmtpTransport, server: HostileSmtp) -> None:
    for _ in range(5):
        await send(transport)
    assert len(server.taken) == 5
    assert server.connections == 1


@pytest.mark.parametrize(
    ("verb", "reply", "answer"),
    [
        ("RCPT", "451 4.7.1 greylisted", Deferred()),
        ("RCPT", "550 5.1.1 nobody here", Rejected(no_mailbox=True)),
        ("RCPT", "550 nobody here", Rejected(no_mailbox=True)),
        ("RCPT", "550 5.7.1 we don't like you", Rejected()),
        ("RCPT", "552 5.2.2 full", Rejected()),
        ("RCPT", "550-5.1.1 nobody\r\n550 5.1.1 here", Rejected(no_mailbox=True)),
        ("MAIL", "451 busy", Deferred()),
        ("MAIL", "553 5.1.8 your sender is wrong", Deferred()),
        ("DATA", "451 busy", Deferred()),
        ("DATA", "554 no", Rejected()),
        ("END", "451 4.3.0 later", Deferred()),
        ("END", "554 5.7.1 spam", Rejected()),
        ("END", "550 5.1.1 content says the recipient is gone", Rejected()),
        ("END", "421 going down", Deferred()),
        ("RCPT", "421 going down", Deferred()),
    ],
)
async def test_each_answer_means_one_thing(
    transport: SmtpTransport, server: HostileSmtp, verb: str, reply: str, answer: Answer
) -> None:
    server.plan[verb].append(reply)
    assert await send(transport) == answer
    assert await send(transport) == Accepted()
    assert server.taken == [MAIL.data]


@pytest.mark.parametrize("trick", [Trick.DROP, Trick.SILENCE, Trick.GARBAGE])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
async def test_what_fails_before_the_end_of_the_data_was_certainly_not_sent(
    transport: SmtpTransport, server: HostileSmtp, verb: str, trick: Trick
) -> None:
    server.plan[verb].append(trick)
    assert await send(transport) == NotSent()
    assert await send(transport) == Accepted()
    assert server.taken == [MAIL.data]


@pytest.mark.parametrize("trick", list(Trick))
async def test_what_fails_after_the_end_of_the_data_is_unknown(
    transport: SmtpTransport, server: HostileSmtp, trick: Trick
) -> None:
    server.plan["END"].append(trick)
    assert await send(transport) == Unknown()
    assert len(server.taken) == (trick is Trick.TAKE_AND_DROP)
    assert await send(transport) == Accepted()


@pytest.mark.parametrize(
    ("verb", "step"),
    [
        ("CONNECT", Trick.DROP),
        ("CONNECT", Trick.SILENCE),
        ("CONNECT", Trick.GARBAGE),
        ("CONNECT", "554 go away"),
        ("CONNECT", "421 busy"),
        ("CONNECT", "220-" + "x" * 40_000),
        ("EHLO", Trick.DROP),
        ("EHLO", Trick.SILENCE),
    ],
)
async def test_a_server_that_takes_no_connection_is_unreachable(
    transport: SmtpTransport, server: HostileSmtp, verb: str, step: str | Trick
) -> None:
    server.plan[verb].extend([step, step])
    with pytest.raises(Unreachable):
        await send(transport)
    server.plan.clear()
    assert await send(transport) == Accepted()


async def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        transport = SmtpTransport(Relay("127.0.0.1", probe.getsockname()[1], "none", "leak.example"), Pace(1, 100, 1))
        with pytest.raises(Unreachable):
            await send(transport)


async def test_a_connection_that_died_while_resting_is_replaced_before_a_mail_is_trusted_to_it(
    transport: SmtpTransport, server: HostileSmtp
) -> None:
    await send(transport)
    server.hang_up()
    await asyncio.sleep(0.05)
    assert await send(transport) == Accepted()
    assert server.connections == 2


async def test_connections_are_bounded_and_shared(transport: SmtpTransport, server: HostileSmtp) -> None:
    await asyncio.gather(*[send(transport) for _ in range(20)])
    assert len(server.taken) == 20
    assert server.connections == 2


async def test_a_slow_mail_holds_up_its_own_connection_only(transport: SmtpTransport, server: HostileSmtp) -> None:
    server.plan["RCPT"].append(Trick.SILENCE)
    slow = asyncio.create_task(send(transport))
    while "RCPT" not in server.verbs:  # noqa: ASYNC110  # the server is a stranger: it can only be watched
        await asyncio.sleep(0.005)
    assert await send(transport) == Accepted()
    assert not slow.done()
    assert await slow == NotSent()


async def test_a_connection_is_closed_after_its_share_of_mails(server: HostileSmtp) -> None:
    transport = SmtpTransport(Relay("127.0.0.1", server.port, "none", "leak.example"), Pace(1, 2, 1))
    for _ in range(4):
        await send(transport)
    assert server.connections == 2
    await transport.close()


async def test_a_local_part_in_another_script_needs_a_server_that_takes_it(
    transport: SmtpTransport, server: HostileSmtp
) -> None:
    mail = Mail(MAIL.envelope_from, "bén@example.org", MAIL.data)
    assert await send(transport, mail) == Accepted()
    server.plan["EHLO"].append("250 hostile.example")
    server.hang_up()
    await asyncio.sleep(0.05)
    assert await send(transport, mail) == Rejected()


# -- TLS


async def test_tls_from_the_first_byte(certificate: Path) -> None:
    async with HostileSmtp().listening(server_side(certificate)) as server:
        transport = SmtpTransport(Relay("127.0.0.1", server.port, "tls", "leak.example", certificate), Pace(1, 9, 5))
        assert await send(transport) == Accepted()
        await transport.close()


async def test_starttls_encrypts_before_anything_is_said(server: HostileSmtp, certificate: Path) -> None:
    server.tls = server_side(certificate)
    transport = SmtpTransport(Relay("127.0.0.1", server.port, "starttls", "leak.example", certificate), Pace(1, 9, 5))
    assert await send(transport) == Accepted()
    assert server.verbs.index("STARTTLS") < server.verbs.index("MAIL")
    await transport.close()


async def test_a_relay_without_starttls_gets_no_mail(server: HostileSmtp) -> None:
    server.plan["EHLO"].append("250 hostile.example")
    transport = SmtpTransport(Relay("127.0.0.1", server.port, "starttls", "leak.example"), Pace(1, 9, 5))
    with pytest.raises(Unreachable):
        await send(transport)
    assert "MAIL" not in server.verbs


async def test_a_strangers_certificate_gets_no_mail(server: HostileSmtp, certificate: Path) -> None:
    server.tls = server_side(certificate)
    transport = SmtpTransport(Relay("127.0.0.1", server.port, "starttls", "leak.example"), Pace(1, 9, 5))
    with pytest.raises(Unreachable):
        await send(transport)
    assert "MAIL" not in server.verbs


# -- the local mailbox


@pytest.fixture(scope="session")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """`python -m local.sink`, and where it is."""
    with socket.socket() as smtp, socket.socket() as page:
        smtp.bind(("127.0.0.1", 0))
        page.bind(("127.0.0.1", 0))
        ports = smtp.getsockname()[1], page.getsockname()[1]
    where = {"SINK_SMTP_PORT": str(ports[0]), "SINK_HTTP_PORT": str(ports[1])}
    folder = str(tmp_path_factory.mktemp("mail"))
    command = [sys.executable, "-m", "local.sink"]
    with subprocess.Popen(command, env={**os.environ, **where, "SINK_DATA_DIR": folder}) as process:
        url = f"http://127.0.0.1:{ports[1]}"
        until(lambda: is_there(url), "the mailbox is ready", process)
        yield {"port": ports[0], "url": url, "folder": folder}
        process.terminate()


def is_there(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", trust_env=False).is_success
    except httpx.HTTPError:
        return False


async def test_a_mail_is_kept_shown_and_served(mailbox: dict[str, Any]) -> None:
    transport = SmtpTransport(Relay("127.0.0.1", mailbox["port"], "none", "leak.example"), Pace(1, 9, 5))
    data = b"Subject: hello\r\nFrom: a@b.org\r\n\r\nlook: https://leak.example/block/x?lang=en\r\n"
    assert await send(transport, Mail("a@b.org", "ben@example.org", data)) == Accepted()
    await transport.close()
    async with httpx.AsyncClient(base_url=mailbox["url"], trust_env=False) as browser:
        [kept] = (await browser.get("/api/mails", params={"to": "BEN@example.org"})).json()["mails"]
        assert (await browser.get("/api/mails", params={"to": "nobody@example.org"})).json() == {"mails": []}
        mail = (await browser.get(f"/api/mails/{kept['id']}")).json()
        assert mail["raw"].encode() == data
        assert mail["links"] == ["https://leak.example/block/x?lang=en"]
        assert ["Subject", "hello"] in mail["headers"]
        assert "hello" in (await browser.get("/")).text
        assert "https://leak.example/block/x" in (await browser.get(f"/mails/{kept['id']}")).text
        assert (await browser.get(f"/mails/{kept['id']}/raw")).content == data
        assert (await browser.get("/api/mails/nothing")).status_code == 404
    assert (Path(mailbox["folder"]) / f"{kept['id']}.eml").read_bytes() == data


async def test_some_recipients_are_refused_on_purpose(mailbox: dict[str, Any]) -> None:
    transport = SmtpTransport(Relay("127.0.0.1", mailbox["port"], "none", "leak.example"), Pace(1, 9, 5))

    async def answer(local: str) -> Answer:
        return await send(transport, Mail("a@b.org", f"{local}@example.org", MAIL.data))

    assert await answer("refuse-550") == Rejected(no_mailbox=True)
    assert await answer("refuse-data-554") == Rejected()
    assert [await answer("later-451-2.anna") for _ in range(3)] == [Deferred(), Deferred(), Accepted()]
    assert await answer("later-451-1.ben") == Deferred()
    await transport.close()
