"""Crash points: a service ends itself with SIGKILL at a step that somebody armed by a file; each fires once.

The file is named STEP@PLACE, the place a topic whose records are handled, or `itself` for what no record asked for:
HTTP, mails on the wire, sweeps.
"""

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.gateway.intake import PrebuiltBatches
from services.mailer.transports.smtp import SmtpConnection
from shared.events.leaks import LeakSubmitted
from shared.runtime.envelope import Outgoing
from shared.runtime.kafka import Publisher
from shared.runtime.service import Service

ITSELF = "itself"


@dataclass
class Place:
    """The topic whose records are handled right now, and whether anything was published for them."""

    topic: str
    published: bool = False


_here: ContextVar[Place | None] = ContextVar("place", default=None)


class Points:
    """The armed points of one process, as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def reach(self, step: str, place: str) -> None:
        """End here if this point is armed. Taking the file away comes first, so that the next life goes on."""
        try:
            (self._folder / f"{step}@{place}").unlink()
        except FileNotFoundError:
            return
        os.kill(os.getpid(), signal.SIGKILL)


def install(points: Points) -> None:
    """Wrap what every service lives by, in this process."""
    _wrap_handlers(points)
    _wrap_publishing(points)
    _wrap_the_gateways_door(points)
    _wrap_the_wire(points)


def _wrap_handlers(points: Points) -> None:
    subscribe = Service.subscribe

    def armed(self: Service, model: Any, handler: Callable[[Any], Awaitable[None]], **how: bool) -> None:
        async def work(events: Any) -> None:
            place = Place(model.TOPIC)
            token = _here.set(place)
            try:
                points.reach("before_work", place.topic)
                await handler(events)
                if not place.published:
                    # It had nothing to tell, so both steps are the moment before the commit.
                    points.reach("after_write", place.topic)
                    points.reach("after_publish", place.topic)
            finally:
                _here.reset(token)

        subscribe(self, model, work, **how)

    Service.subscribe = armed  # type: ignore[method-assign,assignment]


def _wrap_publishing(points: Points) -> None:
    send = Publisher.send

    async def armed(self: Publisher, records: Sequence[Outgoing]) -> None:
        place = _here.get()
        name = place.topic if place else ITSELF
        if records:
            points.reach("after_write", name)
        await send(self, records)
        if records:
            points.reach("after_publish", name)
            if place:
                place.published = True

    Publisher.send = armed  # type: ignore[method-assign]


def _wrap_the_gateways_door(points: Points) -> None:
    send = PrebuiltBatches.send

    async def armed(self: PrebuiltBatches, records: Sequence[Outgoing]) -> None:
        leaks = any(record.topic == LeakSubmitted.TOPIC for record in records)
        if leaks:
            points.reach("between_events", ITSELF)
        await send(self, records)
        if leaks:
            points.reach("before_answer", ITSELF)

    PrebuiltBatches.send = armed  # type: ignore[method-assign]


def _wrap_the_wire(points: Points) -> None:
    hand_over = SmtpConnection._hand_over

    async def armed(self: SmtpConnection, data: bytes) -> Any:
        protocol: Any = self._client.protocol
        read = protocol.read_response

        async def dying(*arguments: Any, **named: Any) -> Any:
            points.reach("last_byte", ITSELF)
            return await read(*arguments, **named)

        protocol.read_response = dying
        try:
            response = await hand_over(self, data)
        finally:
            protocol.read_response = read
        points.reach("accepted", ITSELF)
        return response

    SmtpConnection._hand_over = armed  # type: ignore[method-assign]
