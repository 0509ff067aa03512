"""What a person can do at the gateway: the line between those who ask, pages and JSON API, and what is then done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request

from shared.events.values import Language
from shared.seals.contents import Statement


@dataclass(frozen=True)
class Draft:
    """A leak as somebody typed it: nothing is checked yet. Line breaks are plain newlines."""

    recipient: str = ""
    message: str = ""
    sender: str = ""
    relation: str = "someone"
    kind: str = "other"
    language: str = "en"
    consent: bool = False
    # Because a browser that reloads the receipt sends the form again: the same key gives the same leak.
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptedLeak:
    """What the sender gets, once: a receipt in groups, as it is copied by hand. Origin and text are durable."""

    leak_id: str
    receipt: str
    confirm_before: datetime


@dataclass(frozen=True)
class Status:
    """How a leak fares, as far as its sender may know."""

    leak_id: str
    state: str
    # (state, since when), oldest first; the last one is `state`.
    timeline: tuple[tuple[str, datetime], ...]
    confirm_before: datetime
    can_cancel: bool
    # The statement of reasons, opened with the receipt.
    decision: Statement | None = None


class ActError(Exception):
    """An act that did not happen.

    ├── ReceiptUnknown    no leak has this receipt, or its check symbols are wrong (one answer for both)
    ├── TooMany           this origin asked too often; retry_after_s says when to come back
    └── Unavailable       nothing was kept; retry_after_s says when to come back
    """

    retry_after_s: int | None = None


class ReceiptUnknown(ActError):
    """Nothing to show."""


class TooMany(ActError):
    """Nothing was kept; it depends on the origin alone."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Unavailable(ActError):
    """Nothing was kept: a key, Kafka or the database is missing."""

    def __init__(self, retry_after_s: int = 30) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class Acts(Protocol):
    """Each act takes the request too, because the edge left the sealed origin and the limiter's key in its scope."""

    def problems(self, draft: Draft) -> Mapping[str, str]:
        """Field → what is wrong: missing, not_an_address, not_text, too_long, too_many_links, unknown. Or nothing."""

    async def preview(self, request: Request) -> None:
        """Counts a preview, which is made of what was typed alone. Raises TooMany, Unavailable."""

    async def submit(self, request: Request, draft: Draft) -> AcceptedLeak:
        """Durable when it returns: the origin first, the leak next. Raises TooMany, Unavailable."""

    async def confirm(self, request: Request, token: str) -> None:
        """Says nothing about the token: known, used, expired or strange."""

    async def stop(self, request: Request, token: str) -> None:
        """The holder of the address: "This wasn't me, never again." As silent as confirm."""

    async def status(self, request: Request, receipt: str, language: Language) -> Status:
        """What we say ourselves is said in `language`. Raises ReceiptUnknown."""

    async def cancel(self, request: Request, receipt: str) -> None:
        """A request: done once the status says so. Raises ReceiptUnknown."""

    async def block(self, request: Request, token: str) -> None:
        """The recipient: "Never write to me again." As silent as confirm."""

    async def report(self, request: Request, token: str, reason: str, details: str) -> None:
        """As silent as confirm."""
