"""The three servers that the services stand on, and how they come into being.

`python -m local.servers HOME BASE` makes those that are new, in a process that can be ended like any other.
"""

import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from deploy.setup.keys import ADMINISTRATORS, admin_password
from local import jars
from local.databases import Database
from local.failures import Failure
from local.kafka import Kafka
from local.layout import JARS, Paths, ports


class Servers(NamedTuple):
    """Real Kafka, the services' database, audit's own."""

    kafka: Kafka
    database: Database
    audit_database: Database

    @property
    def made(self) -> bool:
        """Whether all of them can be started."""
        return all(server.made for server in self)


def servers(home: Path, base: int) -> Servers:
    """The servers of the stack under `home`; the jars must have been installed."""
    paths, port = Paths.under(home), ports(base)
    kafka_password, password, audit_password = (
        _admin_password(admin_password(paths.admin, server)) for server in ADMINISTRATORS
    )
    return Servers(
        Kafka(paths.kafka, port["kafka"], port["kafka controller"], jars.paths(JARS), kafka_password),
        Database(paths.database, port["database"], password),
        Database(paths.audit_database, port["audit database"], audit_password),
    )


def make(these: Servers) -> None:
    """Make those that are new, at the same time."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda server: server.made or server.make(), these))


def _admin_password(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()


if __name__ == "__main__":
    try:
        make(servers(Path(sys.argv[1]), int(sys.argv[2])))
    except Failure as failure:
        sys.exit(str(failure))
