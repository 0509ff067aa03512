"""Group commit: what is asked for while batches are in flight goes together in the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.runtime.errors import Transient

T = TypeVar("T")
R = TypeVar("R")


class Overloaded(Transient):
    """Too many items wait, or one waited too long; nothing was done for it."""


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    since: float
    result: "asyncio.Future[R]"


class Batcher(Generic[T, R]):
    """Turns single items into batches. A batch begins after each of its items came."""

    def __init__(
        self,
        work: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        in_flight: int = 1,
        at_most: int | None = None,
        within_s: float | None = None,
    ) -> None:
        """`work` gives a result for each item of a batch, in order; up to `in_flight` batches are worked on at once.

        `at_most` items wait for their batch to begin, each at most `within_s`; None is no limit.
        """
        self._work = work
        self._free = in_flight
        self._at_most = at_most
        self._within_s = within_s
        self._waiting: list[_Waiting[T, R]] = []
        self._begins = False
        self._flights: set[asyncio.Task[None]] = set()

    async def do(self, item: T) -> R:
        """The result for `item`. Overloaded when it was not begun; an error of its batch is raised to all in it."""
        if self._at_most is not None and len(self._waiting) >= self._at_most:
            raise Overloaded("too many wait")
        loop = asyncio.get_running_loop()
        waiting: _Waiting[T, R] = _Waiting(item, loop.time(), loop.create_future())
        self._waiting.append(waiting)
        self._begin()
        return await waiting.result

    def _begin(self) -> None:
        # A task runs no sooner than the loop comes to it, so items of one turn of the loop share a batch.
        if self._waiting and self._free and not self._begins:
            self._begins = True
            flight = asyncio.get_running_loop().create_task(self._fly())
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _fly(self) -> None:
        self._begins = False
        self._free -= 1
        batch, self._waiting = self._waiting, []
        try:
            if batch := self._in_time(batch):
                await self._finish(batch)
        finally:
            self._free += 1
            self._begin()

    def _in_time(self, batch: list[_Waiting[T, R]]) -> list[_Waiting[T, R]]:
        if self._within_s is None:
            return batch
        too_early = asyncio.get_running_loop().time() - self._within_s
        late = [waiting for waiting in batch if waiting.since < too_early]
        _fail(late, Overloaded("waited too long"))
        return batch[len(late) :]

    async def _finish(self, batch: list[_Waiting[T, R]]) -> None:
        try:
            results = await self._work([waiting.item for waiting in batch])
            ended = list(zip(batch, results, strict=True))
        except asyncio.CancelledError:
            _fail(batch, Transient("the batch was cut off"))
            raise
        except Exception as error:  # noqa: BLE001  # whoever waits gets it
            _fail(batch, error)
        else:
            for waiting, result in ended:
                if not waiting.result.done():
                    waiting.result.set_result(result)


def _fail(batch: Sequence[_Waiting[T, R]], error: Exception) -> None:
    for waiting in batch:
        if not waiting.result.done():
            waiting.result.set_exception(error)
