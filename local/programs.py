"""What the local stack is made of: each program's command, its environment, and how to see that it is ready."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.layout import CHECKOUT, HOST, Paths, ports
from local.servers import Servers
from shared.events.topics import AUDIT, PROCESSES
from shared.runtime.memory import OVERWRITING

PYTHON = sys.executable
# As the pages say it: nobody else runs this one.
WHO = {"OPERATOR": "localhost", "CONTACT": "you@localhost"}
# Of the caller's environment nothing else reaches a service: a stray GATEWAY_... would change what it does.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
# `up` has 20 s to end everything, and Kafka ends after its clients.
SERVICE_STOP_S = 8
# All visitors of a local stack come from 127.0.0.1; the gateway's own limits are for one person.
EVERYBODY_IS_ONE = {
    "LIMIT_SUBMIT": "500 per 10 minutes",
    "LIMIT_PREVIEW": "1000 per 10 minutes",
    "LIMIT_ACT": "1000 per 10 minutes",
    "LIMIT_STATUS": "20000 per 10 minutes",
}


@dataclass(frozen=True)
class Program:
    """A process to keep alive, or to run once. Ready when its port accepts, or when its health page says so."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path = CHECKOUT
    port: int | None = None
    health: str | None = None


@dataclass(frozen=True)
class Stack:
    """Everything that belongs to one `up`: where it lives, which ports it has, and a person's choices."""

    home: Path
    base: int
    delay_max_s: int = 5

    @property
    def paths(self) -> Paths:
        """Where its files are."""
        return Paths.under(self.home)

    @property
    def ports(self) -> dict[str, int]:
        """Which port each listener has."""
        return ports(self.base)

    def url(self, listener: str) -> str:
        """Where a listener of this stack answers HTTP."""
        return f"http://{HOST}:{self.ports[listener]}"


def making(stack: Stack) -> Program:
    """Runs once, before the first start."""
    command = [PYTHON, "-m", "local.servers", str(stack.home), str(stack.base)]
    return Program("first start", command, kept_environment())


def server_programs(stack: Stack, servers: Servers) -> list[Program]:
    """Kafka, the two databases, and the mailbox: none needs another."""
    kafka, database, audit = servers
    sink = {
        "SINK_SMTP_PORT": str(stack.ports["smtp"]),
        "SINK_HTTP_PORT": str(stack.ports["mailbox"]),
        "SINK_DATA_DIR": str(stack.paths.mail),
    }
    mailbox = [PYTHON, "-m", "local.sink"], {**kept_environment(), **sink}
    return [
        Program("kafka", kafka.command(), kafka.environment(), kafka.folder, port=kafka.port),
        Program("database", database.command(), database.environment(), database.folder, port=database.port),
        Program("audit-database", audit.command(), audit.environment(), audit.folder, port=audit.port),
        Program("mailbox", *mailbox, health=f"{stack.url('mailbox')}/health/ready"),
    ]


def set_up(stack: Stack, servers: Servers) -> Program:
    """Runs once on each start: what the registry says may have changed."""
    settings = {
        "SETUP_KAFKA_SERVERS": servers.kafka.servers,
        "SETUP_KAFKA_SECURITY": "SASL_PLAINTEXT",
        "SETUP_KAFKA_REPLICATION": "1",
        "SETUP_MONGO_URL": servers.database.url,
        "SETUP_AUDIT_MONGO_URL": servers.audit_database.url,
        "SETUP_ADMIN_DIR": str(stack.paths.admin),
        "SETUP_SECRETS_DIR": str(stack.paths.secrets),
    }
    return Program("set-up", [PYTHON, "-m", "deploy.setup"], {**kept_environment(), **settings})


def service_programs(stack: Stack, servers: Servers) -> list[Program]:
    """The processes of the five services."""
    return [
        Program(
            name,
            [PYTHON, "-m", f"services.{process.service}.main"],
            service_environment(stack, servers, name),
            health=f"{stack.url(f'{name} health')}/health/ready",
        )
        for name, process in PROCESSES.items()
    ]


def service_environment(stack: Stack, servers: Servers, process: str) -> dict[str, str]:
    """All settings of a process in this stack; what is not here keeps its default."""
    database = servers.audit_database if process == AUDIT.name else servers.database
    settings = {
        "KAFKA_SERVERS": servers.kafka.servers,
        "KAFKA_SECURITY": "SASL_PLAINTEXT",
        "MONGO_URL": database.url,
        "SECRETS_DIR": str(stack.paths.secrets / process),
        "INTERNAL_HOST": HOST,
        "INTERNAL_PORT": str(stack.ports[f"{process} health"]),
        "STOP_WITHIN_S": str(SERVICE_STOP_S),
        **({"ROLE": role} if (role := PROCESSES[process].role) else {}),
    }
    return {**kept_environment(), **OVERWRITING, **_prefixed(process, settings), **own_settings(stack, process)}


def own_settings(stack: Stack, process: str) -> dict[str, str]:
    """What only this process is told, beyond where its servers are."""
    public = {"PUBLIC_URL": stack.url("gateway")}
    delay = {"DELAY_MAX_S": str(stack.delay_max_s)}
    mailer = {
        **public,
        "SMTP_HOST": HOST,
        "SMTP_PORT": str(stack.ports["smtp"]),
        "SMTP_SECURITY": "none",
        # Our own sink answers at once; after a crash, mails come back when this time is over.
        "EXCHANGE_S": "10",
    }
    return _prefixed(
        process,
        {
            "gateway-accept": {
                **public,
                **delay,
                **EVERYBODY_IS_ONE,
                "HOST": HOST,
                "PORT": str(stack.ports["gateway"]),
                **WHO,
            },
            "gateway-status": {},
            # The mailbox takes mail for any domain, and this machine may be off the net.
            "verifier": {"CHECK_MAIL_HOST": "false"},
            "moderation": {**_console(stack, "moderation"), **delay},
            "mailer-confirmations": mailer,
            "mailer-letters": mailer,
            # Beside the database, not in it: so a log that was cut short is found.
            "audit": {**_console(stack, "audit"), "HEAD_FILE": str(stack.paths.data / "audit-head")},
        }[process],
    )


def _prefixed(process: str, settings: Mapping[str, str]) -> dict[str, str]:
    prefix = PROCESSES[process].service.upper()
    return {f"{prefix}_{name}": value for name, value in settings.items()}


def _console(stack: Stack, service: str) -> dict[str, str]:
    listener = f"{service} console"
    return {"CONSOLE_HOST": HOST, "CONSOLE_PORT": str(stack.ports[listener]), "CONSOLE_URL": stack.url(listener)}


def kept_environment() -> dict[str, str]:
    """What of the caller's environment reaches the programs."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}
