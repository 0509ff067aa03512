"""How often one origin may act. Beside the seal nothing else sees an address, and this keeps hashes for minutes."""

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol, cast

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from services.gateway.acts import TooMany, Unavailable
from services.gateway.edge import Caller
from shared.runtime import metrics
from shared.runtime.clock import Clock
from shared.runtime.networks import network_of

KEY_LIVES_S = 600
"""How long one hashing key lives. Windows are no longer than this: a new key forgets all counts."""
SHARED_KEY_NAME = "leak:limiter-key:"

Act = Literal["submit", "preview", "act", "status", "client"]


class KeyHolder(Protocol):
    """Gives the hashing key of a span of time, the same for all who share the counts."""

    async def key(self, span: int) -> bytes:
        """The key of the span numbered `span`."""


class OwnKey:
    """A key that never leaves this process."""

    def __init__(self) -> None:
        self._span = -1
        self._key = b""

    async def key(self, span: int) -> bytes:
        """A new key for a new span; the old one is gone."""
        if span != self._span:
            self._span, self._key = span, secrets.token_bytes(32)
        return self._key


class SharedKey:
    """A key that lives in the limiter store, so that several gateways count alike, and dies there by itself."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._span = -1
        self._key = b""

    async def key(self, span: int) -> bytes:
        """The span's key: whoever asks first makes it."""
        if span != self._span:
            name = f"{SHARED_KEY_NAME}{span}"
            await self._redis.set(name, secrets.token_hex(32), nx=True, ex=KEY_LIVES_S)
            self._span, self._key = span, cast("bytes", await self._redis.get(name))
        return self._key


class OriginLimits:
    """Counts acts an origin; raises TooMany. Depends on the origin and the clock alone, so a 429 tells nothing else."""

    def __init__(self, rates: dict[Act, str], storage: Storage, keys: KeyHolder, clock: Clock) -> None:
        self._rates = {act: parse_rate(rate) for act, rate in rates.items()}
        self._limiter = FixedWindowRateLimiter(storage)
        self._keys = keys
        self._clock = clock

    async def count(self, act: Act, caller: Caller, client: str | None = None) -> None:
        """Count one act of this caller, or of this API client if there is one. Unavailable when the store is away."""
        try:
            await self._count(act, caller, client)
        except RedisError as away:
            raise Unavailable from away

    async def _count(self, act: Act, caller: Caller, client: str | None) -> None:
        now = self._clock().timestamp()
        span, into = divmod(now, KEY_LIVES_S)
        key = await self._keys.key(int(span))
        # A client's own users share its limit and nobody else's.
        who = f"client {client}" if client else network_of(caller.ip)
        counted = "client" if client else act
        digest = hmac.digest(key, f"{counted}\x00{who}".encode(), "sha256").hex()
        rate = self._rates[counted]
        if await self._limiter.hit(rate, digest):
            return
        metrics.LIMITED.inc()
        resets_at, _ = await self._limiter.get_window_stats(rate, digest)
        raise TooMany(max(1, min(int(resets_at - now) + 1, int(KEY_LIVES_S - into) + 1)))


def parse_rate(rate: str) -> RateLimitItem:
    """A rate in the words of the `limits` library, "20 per 10 minutes"; ValueError when it outlives the hashing key."""
    item = parse(rate)
    if item.get_expiry() > KEY_LIVES_S:
        raise ValueError(f"a limit's window is at most {KEY_LIVES_S} seconds: counts don't live longer than their key")
    return item


def limiter_store(uri: str) -> tuple[Storage, KeyHolder, Callable[[], Awaitable[None]]]:
    """The counting store, who holds its key, and how to close it. `memory://`, or `redis://` when gateways share it."""
    if uri == "memory://":
        return cast("Storage", storage_from_string("async+memory://")), OwnKey(), _nothing_to_close
    pool: Any = ConnectionPool.from_url(uri)
    storage = storage_from_string(f"async+{uri}", implementation="redispy", connection_pool=pool)
    return cast("Storage", storage), SharedKey(Redis(connection_pool=pool)), pool.aclose


async def _nothing_to_close() -> None:
    return None
