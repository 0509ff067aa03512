"""Bugs to plant, so that the checker can be shown finding them. Patched into one process; never in a service."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any

from services.mailer.domain import Job
from services.mailer.store import shapes
from services.mailer.store.mails import Mails
from services.mailer.store.recipients import Recipients
from services.moderation.judging import Judge
from services.moderation.policy.verdict import Outcome, Verdict
from shared.runtime.delivery import Delivery
from shared.runtime.service import Service

WORKS_LATER_S = 2.0


def commit_before_work() -> None:
    """A batch counts as handled before anything was done with it, as under ACK_FIRST."""
    deliver = Delivery.__call__
    begun: set[asyncio.Task[None]] = set()

    async def later(self: Delivery[Any], records: Any) -> None:
        await asyncio.sleep(WORKS_LATER_S)
        await deliver(self, records)

    async def at_once(self: Delivery[Any], records: Any) -> None:
        begun.add(asyncio.create_task(later(self, records)))

    Delivery.__call__ = at_once  # type: ignore[method-assign]


def no_deduplication() -> None:
    """A mail that comes again is a new mail, whatever the journal says of it."""
    add = Mails.add

    async def afresh(self: Mails, jobs: Sequence[Job]) -> set[str]:
        for id_ in await add(self, jobs):
            job = next(job for job in jobs if job.id == id_)
            await self._mails.replace_one({"_id": id_}, shapes.document(job))
        return set()

    Mails.add = afresh  # type: ignore[method-assign]


def block_ignored() -> None:
    """Nobody looks at the suppression list, nor at blocks that wait unread."""

    async def nobody(_self: Recipients, _addresses: Collection[str]) -> set[str]:
        return set()

    async def at_once(_self: Service, _model: object) -> None:
        return

    Recipients.suppressed = nobody  # type: ignore[method-assign]
    Service.caught_up = at_once  # type: ignore[method-assign,assignment]


def approves_everything() -> None:
    """Moderation lets every message go."""
    verdict = Verdict(Outcome.APPROVE, None, (), "planted", "und")
    Judge._verdict = lambda _self, _event: verdict  # type: ignore[method-assign]


BUGS: dict[str, Callable[[], None]] = {
    planted.__name__: planted for planted in (commit_before_work, no_deduplication, block_ignored, approves_everything)
}
