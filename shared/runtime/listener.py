"""One HTTP listener of a service: uvicorn without access log, proxy guessing or signal handling of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import uvicorn

from shared.runtime import logs
from shared.runtime.connections import BACKLOG, ConnectionLimits
from shared.runtime.protocol import BoundedProtocol, Deadlines

DEADLINES = Deadlines()

log = logs.get("listener")


class Listener(uvicorn.Server):
    """A uvicorn server among several in one process; the service handles the signals."""

    def __init__(
        self,
        app: Any,
        host: str,
        port: int,
        *,
        stop_within_s: float,
        limits: ConnectionLimits,
        deadlines: Deadlines = DEADLINES,
    ) -> None:
        protocol = partial(BoundedProtocol, limits=limits, deadlines=deadlines)
        # The access log prints the client, and proxy headers let a sender frame somebody else: both off.
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                http=cast("type[asyncio.Protocol]", protocol),
                backlog=BACKLOG,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                log_config=None,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=int(stop_within_s),
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service."""
        yield

    async def listen(self) -> None:
        """Serve until `stop`; says which port could not be had."""
        try:
            await self.serve()
        except SystemExit:
            log.error(  # noqa: TRY400  # the trace would say nothing more
                "cannot listen: the port is taken or not allowed",
                host=self.config.host,
                port=self.config.port,
            )
            raise

    async def stop(self) -> None:
        """Take no more requests; `serve()` returns when those in flight are answered."""
        self.should_exit = True
