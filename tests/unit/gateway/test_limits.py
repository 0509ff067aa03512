"""Limits depend on the origin and the clock, and leave nothing from which an address could be told."""

from datetime import UTC, datetime, timedelta

import pytest
from limits.aio.storage import MemoryStorage
from redis.exceptions import ConnectionError as RedisAway

from services.gateway.acts import TooMany, Unavailable
from services.gateway.edge import Caller
from services.gateway.limits import KEY_LIVES_S, OriginLimits, OwnKey, SharedKey, parse_rate

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RATES = dict.fromkeys(("submit", "act", "status"), "2 per 10 minutes") | {"client": "4 per 10 minutes"}


class HandClock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


def caller(address):
    return Caller(address, 1, None, None, "socket", 0, None, None)


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def storage():
    return MemoryStorage()


@pytest.fixture
def limits(clock, storage):
    return OriginLimits(RATES, storage, OwnKey(), clock)


async def used_up(limits, address, act="submit", client=None):
    for _ in range(20):
        try:
            await limits.count(act, caller(address), client)
        except TooMany as limit:
            return limit.retry_after_s
    raise AssertionError("no limit was met")


async def test_one_origin_is_limited_and_others_are_not(limits):
    await used_up(limits, "192.0.2.1")
    await limits.count("submit", caller("192.0.2.2"))


async def test_acts_are_counted_apart(limits):
    await used_up(limits, "192.0.2.1")
    await limits.count("status", caller("192.0.2.1"))


async def test_retry_after_is_never_past_the_life_of_the_key(limits, clock):
    clock.now = NOON + timedelta(seconds=KEY_LIVES_S - 5)
    assert 1 <= await used_up(limits, "192.0.2.1") <= 6


async def test_a_new_key_forgets_all_counts(limits, clock):
    await used_up(limits, "192.0.2.1")
    clock.now += timedelta(seconds=KEY_LIVES_S)
    await limits.count("submit", caller("192.0.2.1"))


async def test_an_ipv6_network_counts_as_one(limits):
    await limits.count("submit", caller("2001:db8:1:2::1"))
    await limits.count("submit", caller("2001:db8:1:2:ffff::2"))
    with pytest.raises(TooMany):
        await limits.count("submit", caller("2001:db8:1:2::3"))
    await limits.count("submit", caller("2001:db8:1:3::1"))


async def test_a_clients_users_share_its_limit_and_nobody_elses(limits):
    for last in range(1, 5):
        await limits.count("submit", caller(f"192.0.2.{last}"), "newsroom")
    with pytest.raises(TooMany):
        await limits.count("submit", caller("192.0.2.9"), "newsroom")
    await limits.count("submit", caller("192.0.2.1"))


async def test_the_store_holds_no_address(limits, storage):
    await limits.count("submit", caller("192.0.2.1"))
    assert storage.storage
    assert "192.0.2.1" not in str(dict(storage.storage))


async def test_two_processes_hash_alike_only_through_a_shared_store(clock):
    class Shelf:
        """Two calls of Redis: set if absent, and get."""

        def __init__(self):
            self.kept = {}

        async def set(self, name, value, *, nx, ex):
            assert nx
            assert ex == KEY_LIVES_S
            self.kept.setdefault(name, value.encode())

        async def get(self, name):
            return self.kept[name]

    shelf = Shelf()
    assert await SharedKey(shelf).key(7) == await SharedKey(shelf).key(7)
    assert await SharedKey(shelf).key(7) != await SharedKey(shelf).key(8)
    assert await OwnKey().key(7) != await OwnKey().key(7)


async def test_a_shared_store_that_is_away_lets_nobody_in_unlimited(clock, storage):
    class Away:
        async def key(self, span):
            raise RedisAway

    with pytest.raises(Unavailable):
        await OriginLimits(RATES, storage, Away(), clock).count("submit", caller("192.0.2.1"))


@pytest.mark.parametrize("rate", ["10 per hour", "1 per day", "5 per 11 minutes"])
def test_a_window_that_outlives_its_key_is_refused(rate):
    with pytest.raises(ValueError, match="at most 600 seconds"):
        parse_rate(rate)
