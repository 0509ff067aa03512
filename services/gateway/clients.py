"""API clients: programs with limits of their own. `python -m services.gateway.clients add|list|remove [NAME]`."""

import argparse
import asyncio
import re
import secrets
import sys
import time
from collections.abc import Sequence

from services.gateway.settings import Settings
from services.gateway.store import ApiClients
from shared.digests import to_base64url, token_digest
from shared.runtime import mongo
from shared.runtime.clock import utc_now

KEY_BYTES = 32
KEY = re.compile(r"lk_[A-Za-z0-9_-]{43}")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
# How long a removed client's key still works at a running gateway.
REMEMBERED_S = 30.0
MOST_REMEMBERED = 1_000


class KnownClients:
    """Looks a key up, and remembers the answer for half a minute."""

    def __init__(self, kept: ApiClients) -> None:
        self._kept = kept
        self._remembered: dict[str, tuple[str | None, float]] = {}

    async def name_of(self, key: str) -> str | None:
        """Whose key this is; None when nobody's."""
        if not KEY.fullmatch(key):
            return None
        digest, now = token_digest(key), time.monotonic()
        name, until = self._remembered.get(digest, (None, 0.0))
        if until < now:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            name = await self._kept.by_key(digest)
            self._remembered[digest] = (name, now + REMEMBERED_S)
        return name


async def add(kept: ApiClients, name: str) -> str | None:
    """Make a client; its key, which nobody can read again, or None when the name is taken."""
    key = "lk_" + to_base64url(secrets.token_bytes(KEY_BYTES))
    await kept.create_indexes()
    return key if await kept.add(name, token_digest(key), utc_now()) else None


async def run(kept: ApiClients, verb: str, name: str) -> tuple[int, str]:
    """(exit code, what to print)."""
    if verb == "list":
        return 0, "\n".join(await kept.names())
    if not NAME.fullmatch(name):
        return 2, "A name has small letters, digits and hyphens, at most 41: newsroom-form."
    if verb == "remove":
        if not await kept.remove(name):
            return 1, "No such client."
        return 0, f"Removed; its key stops working within {REMEMBERED_S:.0f} s."
    key = await add(kept, name)
    if key is None:
        return 1, "This name is taken. Choose another one, or remove it first."
    return 0, key


def main(arguments: Sequence[str] | None = None) -> int:
    """The operator's verb."""
    parser = argparse.ArgumentParser(prog="python -m services.gateway.clients", description=__doc__)
    parser.add_argument("verb", choices=("add", "list", "remove"))
    parser.add_argument("name", nargs="?", default="")
    asked = parser.parse_args(arguments)

    async def work() -> tuple[int, str]:
        return await run(ApiClients(mongo.connect(Settings())), asked.verb, asked.name)

    code, words = asyncio.run(work())
    (sys.stderr if code else sys.stdout).write(words + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
