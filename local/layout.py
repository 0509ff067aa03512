"""Where the local stack keeps its files, and which ports it uses."""

from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
HOME = CHECKOUT / ".leak"
JARS = HOME / "cache" / "jars"
HOST = "127.0.0.1"
DEFAULT_BASE = 8400
# From the base on: first what people open, then what only programs do.
LISTENERS = (
    *("gateway", "mailbox", "moderation console", "audit console"),
    *("smtp", "kafka", "kafka controller", "database", "audit database"),
    # Written out, since this is read before any package is there; a test compares them with the registry's processes.
    *("gateway-accept health", "gateway-status health", "verifier health", "moderation health"),
    *("mailer-confirmations health", "mailer-letters health", "audit health"),
)


def ports(base: int) -> dict[str, int]:
    """The port of each listener; all move together with the base."""
    return {name: base + offset for offset, name in enumerate(LISTENERS)}


class Paths(NamedTuple):
    """The files of one stack."""

    data: Path
    """What `reset` forgets; the rest tells of a run or can be fetched again."""
    kafka: Path
    database: Path
    audit_database: Path
    mail: Path
    secrets: Path
    admin: Path
    """The administrators' passwords, for the set-up step alone."""
    sign_ins: Path
    """The demo accounts' passwords, as JSON."""
    logs: Path
    endpoints: Path
    processes: Path
    """Which processes run, so that the next start can end what a killed one left."""
    lock: Path
    """Held while a stack runs; the kernel lets go of it however that ends."""

    @classmethod
    def under(cls, home: Path) -> "Paths":
        """A stack's files under one folder: `.leak` in the checkout, or a test's own."""
        data = home / "data"
        return cls(
            data=data,
            kafka=data / "kafka",
            database=data / "database",
            audit_database=data / "audit-database",
            mail=data / "mail",
            secrets=data / "secrets",
            admin=data / "secrets" / "setup",
            sign_ins=data / "sign-ins.json",
            logs=home / "logs",
            endpoints=home / "endpoints.json",
            processes=home / "processes.json",
            lock=home / "up.lock",
        )
