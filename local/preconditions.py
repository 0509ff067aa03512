"""What must hold before anything starts: nobody else here, ports free, room on the disk. Each says what to do."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.failures import Failure
from local.layout import HOST

# Kafka, the databases and their logs take 100 MB when new; a day of play some more.
ROOM_BYTES = 500_000_000
FULL_BYTES = 10_000_000


@contextmanager
def alone(lock: Path, what: str) -> Iterator[None]:
    """Hold the stack's lock; raises Failure when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            raise Failure(f"{what}: ./leak up is running here (process {holder}); stop that first") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def need_room(folder: Path, room_bytes: int = ROOM_BYTES) -> None:
    """Raises Failure when the disk has too little room to start."""
    free = shutil.disk_usage(folder).free
    if free < room_bytes:
        raise Failure(
            f"no room: {folder} is on a disk with {free // 10**6} MB free, and {room_bytes // 10**6} are needed"
        )


def disk_is_full(folder: Path) -> bool:
    """Whether a program may have died of a full disk."""
    return shutil.disk_usage(folder).free < FULL_BYTES


def need_ports(ports: Mapping[str, int]) -> None:
    """Raises Failure that names the first port which somebody else listens on."""
    for name, port in ports.items():
        with socket.socket() as probe:
            # As the servers do: a connection that is only just closed doesn't count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise Failure(
                    f"port {port} ({name}) is taken ({error.strerror}): stop what uses it, "
                    f"or move all ports with ./leak up --ports BASE"
                ) from error
