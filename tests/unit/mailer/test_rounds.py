"""Work is grouped, in order, and an error reaches everyone who waited for it."""

import asyncio
from collections.abc import Sequence

import pytest

from services.mailer.rounds import Rounds


async def test_wishes_made_during_a_round_share_the_next_one() -> None:
    rounds: list[list[int]] = []
    begun, go = asyncio.Event(), asyncio.Event()

    async def work(items: Sequence[int]) -> list[int]:
        rounds.append(list(items))
        begun.set()
        await go.wait()
        return [item * 10 for item in items]

    grouped = Rounds(work)
    first = asyncio.create_task(grouped.do(1))
    await begun.wait()
    others = [asyncio.create_task(grouped.do(number)) for number in (2, 3)]
    await asyncio.sleep(0)
    go.set()
    assert [await first, *[await other for other in others]] == [10, 20, 30]
    assert rounds == [[1], [2, 3]]


async def test_a_failed_round_fails_its_wishes_and_no_other() -> None:
    async def work(items: Sequence[int]) -> list[int]:
        if 1 in items:
            raise ValueError("no ones")
        return list(items)

    grouped = Rounds(work)
    with pytest.raises(ValueError, match="no ones"):
        await grouped.do(1)
    assert await grouped.do(2) == 2


async def test_a_wish_that_was_given_up_does_not_disturb_its_round() -> None:
    go = asyncio.Event()

    async def work(items: Sequence[int]) -> list[int]:
        await go.wait()
        return list(items)

    grouped = Rounds(work)
    waiting = [asyncio.create_task(grouped.do(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    go.set()
    assert await waiting[1] == 2
