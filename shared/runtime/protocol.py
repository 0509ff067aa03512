"""HTTP/1.1 as uvicorn and httptools speak it, with an end to all that a client may make us hold or wait for."""

import asyncio
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
    """To begin a request; and again, from its first byte, to end the head."""
    body_s: float = 30.0
    """From the end of the head to the end of the body."""
    answer_s: float = 120.0
    """To take an answer that is larger than the kernel's buffers."""
    refusal_s: float = 2.0
    """To take a refusal; what is sent meanwhile is read and forgotten, else the refusal is lost with the connection."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. It has one timer, which looks at it every `head_s` or sooner: a request in time sets none."""

    def __init__(self, *given: Any, limits: ConnectionLimits, deadlines: Deadlines, **named: Any) -> None:
        super().__init__(*given, **named)
        self._limits = limits
        self._deadlines = deadlines
        self._slot: Slot | None = None
        self._timer: asyncio.TimerHandle | None = None
        # What the client owes us, and since when; None while it waits for us.
        self._owed: Literal["head", "body"] | None = None
        self._owed_since = 0.0
        self._unread_since: float | None = None
        self._in_head = False
        # What the parser has collected of a head, or of the trailer of a body, without telling of it.
        self._held_bytes = 0
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
        self._owe("head")
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
        at = 0
        while at < len(data) and not self._deaf and not self.transport.is_closing():
            piece = data[at : at + min(PIECE_BYTES, MOST_HEAD_BYTES - self._held_bytes)]
            at += len(piece)
            super().data_received(piece)
            if self._owed is not None:
                self._held_bytes += len(piece)
            if self._held_bytes >= MOST_HEAD_BYTES:
                self._end_large()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._held_bytes = True, 0
        self._owe("head")

    def on_headers_complete(self) -> None:
        """The head is whole: its request is being answered, or waits for its turn."""
        super().on_headers_complete()
        self._in_head, self._held_bytes = False, 0
        self._owe("body")
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
        super().on_body(body)
        self._held_bytes = 0

    def on_message_complete(self) -> None:
        """It is our turn, unless we answered before the end of the body."""
        super().on_message_complete()
        self._owed, self._held_bytes = None, 0
        if self.cycle.response_complete:
            self._owe("head")

    def on_response_complete(self) -> None:
        """It is the client's turn, unless it still owes a body or another answer is due."""
        super().on_response_complete()
        if self._owed is None and self.cycle.response_complete:
            self._owe("head")

    def _owe(self, what: Literal["head", "body"]) -> None:
        self._owed, self._owed_since = what, self.loop.time()

    def _look(self) -> None:
        """End the connection if its client is late; else look again later."""
        now, left_s = self.loop.time(), self._deadlines.head_s
        if self._owed is not None:
            within_s = self._deadlines.head_s if self._owed == "head" else self._deadlines.body_s
            left_s = self._owed_since + within_s - now
        # Also after an end, because a connection stays until its client has read what was written.
        again_in_s = min(left_s, self._deadlines.head_s) if left_s > 0 else self._deadlines.head_s
        self._timer = self.loop.call_later(again_in_s, self._look)
        if self._leaves_unread(now):
            self._abort("answer_unread")
        elif left_s <= 0 and not self.transport.is_closing():
            self._end_late()

    def _leaves_unread(self, now: float) -> bool:
        if not self.transport.get_write_buffer_size():
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        return self._unread_since is not None and now - self._unread_since >= self._deadlines.answer_s

    def _end_late(self) -> None:
        if self._owed == "body":
            self._abort("body_too_slow")
        elif self._in_head:
            self._refuse("head_too_slow", _HEAD_TOO_SLOW)
        else:
            # Without an answer, which would be taken for that of a request that is on its way.
            _count("idle")
            self.transport.close()

    def _end_large(self) -> None:
        if self._in_head:
            self._refuse("head_too_large", _HEAD_TOO_LARGE)
        else:
            self._abort("trailer_too_large")

    def _refuse(self, cause: str, answer: bytes) -> None:
        _count(cause)
        self._deaf, self._owed = True, None
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
