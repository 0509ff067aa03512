"""Clear text leaves memory after its last use: what is freed is overwritten, and no core dump keeps it."""

import asyncio
import resource
import socket
from collections.abc import Mapping
from typing import Final

OVERWRITING: Final[Mapping[str, str]] = {
    # Python's own allocator leaves what it frees as it was; glibc's can overwrite it.
    "PYTHONMALLOC": "malloc",
    # glibc overwrites nothing in its cache of each thread, so there is none.
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
    # Else the first call of each library function saves the vector registers, with what was last copied, on the stack.
    "LD_BIND_NOW": "1",
}
"""The environment that every service starts in: it is read once, before Python runs, so no setting can do this."""
READ_BUFFER_BYTES: Final = 256_000
"""uvloop's UV_STREAM_RECV_BUF_SIZE: a loop reads every connection into one buffer, and each read leaves its rest."""
OVERWRITE_EVERY_S: Final = 10.0


def unset(environment: Mapping[str, str]) -> list[str]:
    """Which of these variables this process was started without."""
    return [name for name, value in OVERWRITING.items() if environment.get(name) != value]


def forbid_core_dumps() -> None:
    """A crash leaves no file with what was in memory."""
    # Linux still gives a dump to a program (core_pattern) at a limit of 0, and at 1 to nobody (fs/coredump.c).
    allowed = resource.getrlimit(resource.RLIMIT_CORE)[1]
    limit = 0 if allowed == 0 else 1
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


async def overwrite_read_buffer() -> None:
    """Have the loop read zeros over its whole buffer; raises OSError when the system doesn't give them at once."""
    near, far = socket.socketpair()
    with near, far:
        far.setblocking(False)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * READ_BUFFER_BYTES)
        sent = far.send(bytes(READ_BUFFER_BYTES))
        transport, reading = await asyncio.get_running_loop().create_connection(_FirstRead, sock=near)
        read = await reading.bytes_read
        transport.close()
    if min(sent, read) < READ_BUFFER_BYTES:
        raise OSError(f"the read buffer was overwritten up to its byte {min(sent, read)} only")


class _FirstRead(asyncio.Protocol):
    """Tells how many bytes came in the first read."""

    def __init__(self) -> None:
        self.bytes_read: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        if not self.bytes_read.done():
            self.bytes_read.set_result(len(data))
