"""What people do, done: counted, checked, and told to whom they concern. Pages and API both call these."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, get_args

from pydantic import ValidationError
from pymongo.errors import PyMongoError
from starlette.requests import Request

from services.gateway import acts
from services.gateway.accept import Accepted, Acceptor
from services.gateway.acts import ActError, Decision, Draft, ReceiptUnknown, Status, Unavailable
from services.gateway.clients import KnownClients
from services.gateway.domain import Happening, Standing, stand
from services.gateway.drafts import NOT_TEXT, LeakRequest, codes, read_draft
from services.gateway.edge import Caller, caller_of
from services.gateway.forwarded import read_node
from services.gateway.keys import Keys
from services.gateway.limits import Act, OriginLimits
from services.gateway.receipts import IDEMPOTENCY_KEY, Receipt, StatementUnreadable
from shared.digests import token_digest
from shared.events.confirmations import ConfirmationClicked, SenderStopped
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.events.recipients import LeakReported, RecipientBlocked, ReportReason
from shared.runtime.clock import Clock
from shared.runtime.errors import Transient

# 128 bits in base64url, as the verifier and the mailer make them.
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
REPORT_REASONS: tuple[str, ...] = get_args(ReportReason)
DETAILS_CHARACTERS = 2_000
PUBLISH_WITHIN_S = 10.0
OVER_LIMIT = Decision(
    policy="sender_limit",
    facts="Your address confirmed as many leaks today as one address may.",
    automated=True,
    title="Too many leaks in a day",
    redress="You can send it again tomorrow.",
)


class UnknownClient(ActError):
    """An API client's key that nobody holds."""


class BadClaimedAddress(ActError):
    """A claimed address that is no address."""


class Publishes(Protocol):
    """Tells events."""

    async def publish(self, *events: Event) -> None:
        """Durable when it returns."""


class Events(Protocol):
    """What happened to a leak."""

    async def of(self, leak_id: str) -> list[Happening]:
        """All of it, in no order."""


class LiveActs:
    """What a person can do at the gateway."""

    def __init__(
        self,
        *,
        acceptor: Acceptor,
        publisher: Publishes,
        events: Events,
        limits: OriginLimits,
        clients: KnownClients,
        keys: Callable[[], Keys],
        clock: Clock,
    ) -> None:
        self._acceptor = acceptor
        self._publisher = publisher
        self._events = events
        self._limits = limits
        self._clients = clients
        self._keys = keys
        self._clock = clock

    def problems(self, draft: Draft) -> Mapping[str, str]:
        """What keeps this draft from being sent."""
        try:
            read_draft(draft)
        except ValidationError as refused:
            return codes(refused)
        return {}

    async def preview(self, request: Request) -> None:
        """Count it."""
        await self._limits.count("preview", caller_of(request))

    async def submit(self, request: Request, draft: Draft) -> acts.Receipt:
        """Accept a form's draft, which had no problems."""
        key = draft.idempotency_key or ""
        usable = key if IDEMPOTENCY_KEY.fullmatch(key) else None
        accepted = await self.accept(caller_of(request), read_draft(draft), usable)
        return acts.Receipt(accepted.receipt, accepted.confirm_before)

    async def accept(self, caller: Caller, leak: LeakRequest, idempotency_key: str | None) -> Accepted:
        """Accept a leak; an API client may state its user's address, which is sealed beside the true one."""
        client = claimed = None
        if caller.client_key is not None:
            client = await self._client(caller)
            claimed = _claimed(caller.claimed_address)
        await self._limits.count("submit", caller, client)
        return await self._acceptor.accept(caller, leak, idempotency_key=idempotency_key, claimed_address=claimed)

    async def confirm(self, request: Request, token: str) -> None:
        """The sender's click."""
        await self._use(request, token, lambda digest, at: ConfirmationClicked(token_digest=digest, clicked_at=at))

    async def stop(self, request: Request, token: str) -> None:
        """The holder of the sender's address refuses confirmation mails."""
        await self._use(request, token, lambda digest, at: SenderStopped(token_digest=digest, stopped_at=at))

    async def block(self, request: Request, token: str) -> None:
        """The recipient never wants to hear from us."""
        await self._use(request, token, lambda digest, at: RecipientBlocked(token_digest=digest, blocked_at=at))

    async def report(self, request: Request, token: str, reason: str, details: str) -> None:
        """The recipient says that the mail harms. `reason` is one of REPORT_REASONS."""
        if reason not in REPORT_REASONS:
            raise ValueError("not a reason for a report")
        words = NOT_TEXT.sub("", details).strip()[:DETAILS_CHARACTERS].encode()
        keys = self._keys()

        def reported(digest: str, at: datetime) -> Event:
            # Sealed even when empty, so that a report's length doesn't tell whether somebody wrote.
            sealed = keys.sealer.seal("report", digest, words)
            return LeakReported(token_digest=digest, reported_at=at, reason=reason, details=sealed)

        await self._use(request, token, reported)

    async def status(self, request: Request, receipt: str) -> Status:
        """Where the receipt's leak stands."""
        found, standing = await self._standing(request, "status", receipt)
        return Status(
            found.leak_id,
            standing.state,
            standing.timeline,
            standing.confirm_before,
            standing.can_cancel,
            OVER_LIMIT if standing.over_limit else _decision(found, standing.statement),
        )

    async def cancel(self, request: Request, receipt: str) -> None:
        """Ask whoever holds the leak to stop it; nothing is asked when it is too late, or done already."""
        found, standing = await self._standing(request, "act", receipt)
        if standing.can_cancel:
            await self._publish(LeakCancelled(leak_id=found.leak_id, cancelled_at=self._clock()))

    async def _standing(self, request: Request, act: Act, text: str) -> tuple[Receipt, Standing]:
        await self._limits.count(act, caller_of(request))
        receipt = Receipt.read(text)
        if receipt is None:
            raise ReceiptUnknown
        try:
            standing = stand(await self._events.of(receipt.leak_id), self._clock())
        except PyMongoError as away:
            raise Unavailable from away
        if standing is None:
            raise ReceiptUnknown
        return receipt, standing

    async def _use(self, request: Request, token: str, event: Callable[[str, datetime], Event]) -> None:
        # Whether the token means anything is for its maker to know: every well-formed one is told, and answered alike.
        await self._limits.count("act", caller_of(request))
        if TOKEN.fullmatch(token):
            await self._publish(event(token_digest(token), self._clock()))

    async def _publish(self, event: Event) -> None:
        try:
            async with asyncio.timeout(PUBLISH_WITHIN_S):
                await self._publisher.publish(event)
        except (Transient, TimeoutError) as away:
            raise Unavailable from away

    async def _client(self, caller: Caller) -> str:
        try:
            name = await self._clients.name_of(caller.client_key or "")
        except PyMongoError as away:
            raise Unavailable from away
        if name is None:
            # By its origin, because a key that nobody holds is no client.
            await self._limits.count("submit", caller)
            raise UnknownClient
        return name


def _claimed(text: str | None) -> str | None:
    if text is None:
        return None
    node = read_node(text.strip())
    if node is None:
        raise BadClaimedAddress
    if node.port is None:
        return node.address
    return f"[{node.address}]:{node.port}" if ":" in node.address else f"{node.address}:{node.port}"


def _decision(receipt: Receipt, sealed: str | None) -> Decision | None:
    if sealed is None:
        return None
    try:
        told = json.loads(receipt.open_statement(sealed))
        return Decision(
            policy=str(told["policy"]),
            facts=str(told["statement"]),
            automated=bool(told["automated"]),
            title=str(told["title"]),
            redress=str(told["redress"]),
        )
    except (StatementUnreadable, ValueError, KeyError, TypeError):
        # The state still stands; a statement that can't be read is better absent than an error.
        return None
