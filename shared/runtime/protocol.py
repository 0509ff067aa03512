"""HTTP/1.1 as uvicorn and httptools speak it, with an end to all that a client may make us hold or wait for."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.runtime import metrics
from shared.runtime.connections import ConnectionLimits, Slot

MOST_HEAD_BYTES = 65_536
# A head that begins inside a piece is counted with the whole piece: a pipelined one is refused from 48 KiB on.
PIECE_BYTES = 16_384
MOST_PIPELINED = 100
"""Requests of one connection that wait for the answers before theirs."""

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_HEAD_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(frozen=True)
class Deadlines:
    """How long a client may take, seconds."""

    head_s: float = 10.0
    """To begin the first request; and for each, from its first byte, to end the head."""
    body_s: float = 30.0
    """From the end of the head to the end of the body."""
    answer_s: float = 120.0
    """To take an answer that is larger than the kernel's buffers."""
    refusal_s: float = 2.0
    """To take a refusal; what is sent meanwhile is read and forgotten, else the refusal is lost with the connection."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A timer looks at it every `head_s` or sooner, so that a request in time sets none.

    The methods of each request name their parent, because `super()` costs twice as much.
    """

    def __init__(self, *given: Any, limits: ConnectionLimits, deadlines: Deadlines, **named: Any) -> None:
        super().__init__(*given, **named)
        self._limits = limits
        self._deadlines = deadlines
        self._slot: Slot | None = None
        self._timer: asyncio.TimerHandle | None = None
        # What the client has begun to send and not ended, and since when its end is waited for.
        self._unended: Literal["head", "body"] | None = None
        self._unended_since: float | None = None
        # What the parser has collected of a head, or of the trailer of a body, without telling of it.
        self._held_bytes = 0
        # No request has begun since the timer last looked.
        self._quiet = True
        self._unread_since: float | None = None
        self._deaf = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse what is one too many."""
        super().connection_made(transport)
        self._slot = self._limits.claim(self.client[0] if self.client else None)
        if self._slot is None:
            self._deaf = True
            transport.write(_FULL)
            transport.close()
            return
        self._timer = self.loop.call_later(self._deadlines.head_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the slot back."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
        if self._slot is not None:
            self._limits.release(self._slot)

    def data_received(self, data: bytes) -> None:
        """Parse piece by piece, because the parser has no limit of its own and tells of a head when it is whole."""
        for piece in (data,) if len(data) <= PIECE_BYTES and not self._held_bytes else self._pieces(data):
            if self._deaf or self.transport.is_closing():
                return
            HttpToolsProtocol.data_received(self, piece)
            if self._unended is not None:
                self._hold(len(piece))

    def on_message_begin(self) -> None:
        """A head begins."""
        HttpToolsProtocol.on_message_begin(self)
        self._unended, self._unended_since, self._held_bytes, self._quiet = "head", None, 0, False

    def on_headers_complete(self) -> None:
        """The head is whole: its request is being answered, or waits for its turn."""
        HttpToolsProtocol.on_headers_complete(self)
        self._unended, self._unended_since, self._held_bytes = "body", None, 0
        # Because uvicorn adds a body's trailer to this list: a client's word would stand behind its proxy's.
        self.headers = []
        if self.parser.should_upgrade():
            # The parser reads no body of a request for another protocol, and would take it for the next head.
            self._deaf = True
            self.cycle.keep_alive = False
        if len(self.pipeline) > MOST_PIPELINED:
            self._abort("pipelined")

    def on_body(self, body: bytes) -> None:
        """The parser lets go of what it has."""
        HttpToolsProtocol.on_body(self, body)
        self._held_bytes = 0

    def on_message_complete(self) -> None:
        """The request is whole."""
        HttpToolsProtocol.on_message_complete(self)
        self._unended, self._unended_since, self._held_bytes = None, None, 0

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(data):
            piece = data[at : at + min(PIECE_BYTES, MOST_HEAD_BYTES - self._held_bytes)]
            at += len(piece)
            yield piece

    def _hold(self, size: int) -> None:
        self._held_bytes += size
        if self._unended_since is None:
            self._unended_since = self.loop.time()
        if self._held_bytes < MOST_HEAD_BYTES:
            return
        if self._unended == "head":
            self._refuse("head_too_large", _HEAD_TOO_LARGE)
        else:
            self._abort("trailer_too_large")

    def _look(self) -> None:
        """End the connection if its client is late; else look again later."""
        now, every_s = self.loop.time(), self._deadlines.head_s
        left_s = self._left_s(now)
        # Also after an end, because a connection stays until its client has read what was written.
        self._timer = self.loop.call_later(min(left_s, every_s) if left_s > 0 else every_s, self._look)
        if self._leaves_unread(now):
            self._abort("answer_unread")
        elif left_s <= 0 and not self.transport.is_closing():
            self._end_late()

    def _left_s(self, now: float) -> float:
        """How long the client may still take."""
        if self._unended_since is not None:
            within_s = self._deadlines.head_s if self._unended == "head" else self._deadlines.body_s
            return self._unended_since + within_s - now
        answered = self.cycle is None or self.cycle.response_complete
        idle, self._quiet = answered and self._quiet, answered
        return 0 if idle else self._deadlines.head_s

    def _leaves_unread(self, now: float) -> bool:
        if not self.transport.get_write_buffer_size():
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        return self._unread_since is not None and now - self._unread_since >= self._deadlines.answer_s

    def _end_late(self) -> None:
        if self._unended == "body":
            self._abort("body_too_slow")
        elif self._unended == "head":
            self._refuse("head_too_slow", _HEAD_TOO_SLOW)
        else:
            # Without an answer, which would be taken for that of a request that is on its way.
            _count("idle")
            self.transport.close()

    def _refuse(self, cause: str, answer: bytes) -> None:
        _count(cause)
        self._deaf, self._unended, self._unended_since = True, None, None
        if self.cycle is not None and not self.cycle.response_complete:
            # What was asked before is answered; the refusal would be taken for its answer.
            self.cycle.keep_alive = False
            return
        self.transport.write(answer)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(self._deadlines.refusal_s, self.transport.abort)

    def _abort(self, cause: str) -> None:
        _count(cause)
        self.transport.abort()


def _count(cause: str) -> None:
    metrics.CONNECTIONS_REFUSED.labels(cause).inc()
