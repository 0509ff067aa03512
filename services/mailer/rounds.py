"""Group work: what is asked for while a round is under way is done together in the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Rounds(Generic[T, R]):
    """Turns single wishes into batches. A round begins after every wish in it was made, and rounds never overlap."""

    def __init__(self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._work = work
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def do(self, item: T) -> R:
        """The result for `item`; an error of the round is raised to everyone in it."""
        wish: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, wish))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await wish

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                results = await self._work([item for item, _ in taken])
            except Exception as error:  # noqa: BLE001  # whoever waits gets it
                for _, wish in taken:
                    if not wish.done():
                        wish.set_exception(error)
            else:
                for (_, wish), result in zip(taken, results, strict=True):
                    if not wish.done():
                        wish.set_result(result)
