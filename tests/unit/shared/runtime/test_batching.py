"""Items are grouped, in order, up to a number of batches at once; everyone who waits is answered."""

import asyncio
import gc
from collections.abc import Sequence

import pytest

from shared.runtime.batching import Batcher, Overloaded
from shared.runtime.errors import Transient, is_transient

DEADLINE_S = 5


class Work:
    """Tenfold of each item, once it may go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.error: BaseException | None = None

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.go.wait()
        if self.error:
            raise self.error
        return [item * 10 for item in items]


@pytest.fixture
def work() -> Work:
    return Work()


async def until_begun(work: Work, batches: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while len(work.batches) < batches:  # noqa: ASYNC110  # each turn of the loop may begin one
            await asyncio.sleep(0)


async def turns(count: int = 5) -> None:
    """Let whatever could happen without an answer happen."""
    for _ in range(count):
        await asyncio.sleep(0)


def ask(batcher: Batcher[int, int], *items: int) -> list["asyncio.Task[int]"]:
    return [asyncio.create_task(batcher.do(item)) for item in items]


async def test_items_that_come_together_go_together(work: Work) -> None:
    work.go.set()
    assert await asyncio.gather(*ask(Batcher(work), 1, 2, 3)) == [10, 20, 30]
    assert work.batches == [[1, 2, 3]]


async def test_what_comes_during_a_batch_shares_the_next_one(work: Work) -> None:
    batcher = Batcher(work)
    asked = ask(batcher, 1)
    await until_begun(work, 1)
    asked += ask(batcher, 2, 3)
    await turns()
    assert work.batches == [[1]]
    work.go.set()
    assert await asyncio.gather(*asked) == [10, 20, 30]
    assert work.batches == [[1], [2, 3]]


async def test_as_many_batches_as_allowed_are_under_way_at_once(work: Work) -> None:
    batcher = Batcher(work, in_flight=2)
    asked = []
    for item in range(5):
        asked += ask(batcher, item)
        await turns()
    assert work.batches == [[0], [1]]
    work.go.set()
    await asyncio.gather(*asked)
    assert work.batches == [[0], [1], [2, 3, 4]]


async def test_an_error_reaches_everyone_in_its_batch_and_nobody_else(work: Work) -> None:
    batcher = Batcher(work)
    work.error = ValueError("no ones")
    work.go.set()
    refused = await asyncio.gather(*ask(batcher, 1, 2), return_exceptions=True)
    assert [str(error) for error in refused] == ["no ones", "no ones"]
    work.error = None
    assert await batcher.do(3) == 30


async def test_work_that_forgets_a_result_fails_everyone_in_its_batch() -> None:
    async def forgetful(items: Sequence[int]) -> Sequence[int]:
        return items[1:]

    answers = await asyncio.wait_for(asyncio.gather(*ask(Batcher(forgetful), 1, 2), return_exceptions=True), DEADLINE_S)
    assert [type(answer) for answer in answers] == [ValueError, ValueError]


async def test_work_that_is_cut_off_leaves_nobody_waiting(work: Work) -> None:
    batcher = Batcher(work)
    asked = ask(batcher, 1)
    await until_begun(work, 1)
    asked += ask(batcher, 2)
    await turns()
    work.error = asyncio.CancelledError()
    work.go.set()
    answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), DEADLINE_S)
    assert [type(answer) for answer in answers] == [Transient, Transient]
    work.error = None
    assert await batcher.do(3) == 30


async def test_who_gives_up_disturbs_nobody(work: Work) -> None:
    asked = ask(Batcher(work), 1, 2)
    await until_begun(work, 1)
    asked[0].cancel()
    work.go.set()
    assert await asked[1] == 20


async def test_who_gives_up_before_an_error_leaves_none_behind(work: Work) -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context))
    [asked] = ask(Batcher(work), 1)
    await until_begun(work, 1)
    asked.cancel()
    work.error = ValueError()
    work.go.set()
    await turns()
    del asked
    gc.collect()
    asyncio.get_running_loop().set_exception_handler(None)
    assert unheard == []


async def test_more_than_may_wait_are_turned_away_at_once(work: Work) -> None:
    batcher = Batcher(work, at_most=2)
    asked = ask(batcher, 1)
    await until_begun(work, 1)
    asked += ask(batcher, 2, 3)
    await turns()
    with pytest.raises(Overloaded, match="too many wait"):
        await batcher.do(4)
    work.go.set()
    assert await asyncio.gather(*asked) == [10, 20, 30]


async def test_who_waited_too_long_is_turned_away_and_not_worked_for(work: Work) -> None:
    batcher = Batcher(work, within_s=0.02)
    loop = asyncio.get_running_loop()
    asked = ask(batcher, 1)
    await until_begun(work, 1)
    late = ask(batcher, 2)
    too_late = asyncio.Event()
    loop.call_later(0.03, too_late.set)
    await too_late.wait()
    in_time = ask(batcher, 3)
    await turns()
    work.go.set()
    assert await asyncio.gather(*asked, *in_time) == [10, 30]
    with pytest.raises(Overloaded, match="waited too long"):
        await late[0]
    assert work.batches == [[1], [3]]


def test_being_turned_away_passes() -> None:
    assert is_transient(Overloaded("too many wait"))
