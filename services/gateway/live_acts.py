"""What people do, done: counted, checked, and told to whom they concern. Pages and API both call these."""

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol, get_args

from pydantic import ValidationError
from pymongo.errors import PyMongoError
from starlette.requests import Request

from services.gateway.accept import Acceptor
from services.gateway.acts import AcceptedLeak, ActError, Draft, ReceiptUnknown, Status, Unavailable
from services.gateway.clients import KnownClients
from services.gateway.domain import LeakFact, LeakStanding, stand
from services.gateway.drafts import NOT_TEXT, LeakRequest, codes, read_draft
from services.gateway.edge import Caller, caller_of
from services.gateway.forwarded import read_node
from services.gateway.keys import Keys
from services.gateway.limits import Act, OriginLimits
from services.gateway.receipts import IdempotencyKey, KeyRefused, Receipt
from shared.digests import token_digest
from shared.events.confirmations import ConfirmationClicked, SenderStopped
from shared.events.event import Event
from shared.events.leaks import LeakCancelled
from shared.events.recipients import LeakReported, RecipientBlocked, ReportReason
from shared.events.values import Language, TokenDigestText
from shared.runtime.clock import Clock, to_the_minute
from shared.runtime.errors import Transient
from shared.seals import purposes
from shared.seals.contents import ReportDetails, Statement
from shared.seals.errors import KeyMissing, SealBroken
from shared.seals.tokens import UsedToken, take_apart
from shared.statement import sender_limit

# 128 bits in base64url, as the verifier makes them.
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
REPORT_REASONS: tuple[str, ...] = get_args(ReportReason)
DETAILS_CHARACTERS = 2_000
FORM = "form"
"""Whose an Idempotency-Key is that our own page made."""
PUBLISH_WITHIN_S = 10.0


class UnknownClient(ActError):
    """An API client's key that nobody holds."""


class BadIdempotencyKey(ActError):
    """An Idempotency-Key that is old or weak."""


class BadClaimedAddress(ActError):
    """A claimed address that is no address."""


class Publishes(Protocol):
    """Publishes events."""

    async def publish(self, *events: Event) -> None:
        """Durable when it returns."""


class Events(Protocol):
    """What happened to a leak."""

    async def of(self, leak_id: str) -> list[LeakFact]:
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

    async def submit(self, request: Request, draft: Draft) -> AcceptedLeak:
        """Accept a form's draft, which had no problems."""
        leak = read_draft(draft)
        try:
            key = self._key(draft.idempotency_key, FORM)
        except BadIdempotencyKey:
            # A form that rested for days: what it says still counts, and nobody can have sent it yet under this key.
            key = None
        caller = caller_of(request)
        await self._limits.count("submit", caller)
        return await self._acceptor.accept(caller, leak, idempotency_key=key)

    async def accept(self, caller: Caller, leak: LeakRequest, idempotency_key: str | None) -> AcceptedLeak:
        """Accept a leak; an API client may state its user's IP, which is sealed beside the true one."""
        client = claimed = None
        if caller.client_key is not None:
            client = await self._client(caller)
            claimed = _claimed(caller.claimed_ip)
        await self._limits.count("submit", caller, client)
        key = self._key(idempotency_key, f"client {client}" if client else "api")
        return await self._acceptor.accept(caller, leak, idempotency_key=key, claimed_ip=claimed)

    async def confirm(self, request: Request, token: str) -> None:
        """The sender's click."""
        await self._use(request, token, lambda digest, at: ConfirmationClicked(token_digest=digest, clicked_at=at))

    async def stop(self, request: Request, token: str) -> None:
        """The holder of the sender's address refuses confirmation mails."""
        await self._use(request, token, lambda digest, at: SenderStopped(token_digest=digest, stopped_at=at))

    async def block(self, request: Request, token: str) -> None:
        """The recipient never wants to hear from us."""
        await self._use_sealed(
            request,
            token,
            lambda used, at: RecipientBlocked(
                sealed_token=used.sealed_token, token_digest=used.token_digest, blocked_at=to_the_minute(at)
            ),
        )

    async def report(self, request: Request, token: str, reason: str, details: str) -> None:
        """The recipient says that the mail harms. `reason` is one of REPORT_REASONS."""
        if reason not in REPORT_REASONS:
            raise ValueError("not a reason for a report")
        words = NOT_TEXT.sub("", details).strip()[:DETAILS_CHARACTERS]
        keys = self._keys()

        def reported(used: UsedToken, at: datetime) -> Event:
            # Sealed even when empty, so that a report's length doesn't tell whether somebody wrote.
            sealed = keys.sealer.seal(purposes.REPORT_DETAILS, used.token_digest, ReportDetails(text=words))
            return LeakReported(
                sealed_token=used.sealed_token,
                token_digest=used.token_digest,
                reported_at=at,
                reason=reason,
                sealed_details=sealed,
            )

        await self._use_sealed(request, token, reported)

    async def status(self, request: Request, receipt: str, language: Language) -> Status:
        """Where the receipt's leak stands; the words of a limit are ours, so in the reader's language."""
        found, standing = await self._standing(request, "status", receipt)
        return Status(
            found.leak_id,
            standing.state,
            standing.timeline,
            standing.confirm_before,
            standing.can_cancel,
            sender_limit(language) if standing.over_limit else _statement(found, standing.sealed_note),
        )

    async def cancel(self, request: Request, receipt: str) -> None:
        """Ask whoever holds the leak to stop it; nothing is asked when it is too late, or done already."""
        found, standing = await self._standing(request, "act", receipt)
        if standing.can_cancel:
            await self._publish(LeakCancelled(leak_id=found.leak_id, cancelled_at=to_the_minute(self._clock())))

    async def _standing(self, request: Request, act: Act, text: str) -> tuple[Receipt, LeakStanding]:
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

    async def _use(self, request: Request, token: str, event: Callable[[TokenDigestText, datetime], Event]) -> None:
        # Whether it means anything is for its maker to know: each well-formed token is published, and answered alike.
        await self._limits.count("act", caller_of(request))
        if TOKEN.fullmatch(token):
            await self._publish(event(token_digest(token), self._clock()))

    async def _use_sealed(self, request: Request, token: str, event: Callable[[UsedToken, datetime], Event]) -> None:
        await self._limits.count("act", caller_of(request))
        if (used := take_apart(token)) is not None:
            try:
                used_event = event(used, self._clock())
            except KeyMissing as no_key:
                raise Unavailable from no_key
            await self._publish(used_event)

    def _key(self, text: str | None, user: str) -> IdempotencyKey | None:
        try:
            return None if text is None else IdempotencyKey.read(text, user, self._clock())
        except KeyRefused as refused:
            raise BadIdempotencyKey from refused

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
        return node.ip
    return f"[{node.ip}]:{node.port}" if ":" in node.ip else f"{node.ip}:{node.port}"


def _statement(receipt: Receipt, sealed: str | None) -> Statement | None:
    if sealed is None:
        return None
    try:
        return receipt.open_note(sealed).statement
    except SealBroken:
        # The state still stands; a statement that can't be read is better absent than an error.
        return None
