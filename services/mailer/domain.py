"""Pure decisions about a mail: what a later word changes, what a mail server's answer means, when to try again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
from shared.events.event import LeakEvent

Halt = Literal["stopped", "cancelled"]
"""Why a mail must not go: moderation took its approval back (and may approve again), or it is withdrawn for good."""

What = Literal["letter", "confirmation"]

End = Literal["delivered", "refused", "gave_up", "blocked", "limit", "withdrawn", "expired"]
"""How a mail ended. `expired` happens to confirmation mails only."""

LETTER_FIELDS = ("recipient", "message", "relation", "kind", "language")

UNKNOWN_MAX = 3
"""Times that a mail may be handed over with an unknown end; each of them may have reached its recipient."""

NOT_SENT_AGAIN_S = 60
UNREADABLE_AGAIN_S = 3_600


@dataclass(frozen=True)
class Mail:
    """Ready-made bytes with CRLF line ends, and the envelope."""

    sender: str
    recipient: str
    data: bytes


@dataclass(frozen=True)
class Job:
    """A mail that waits for its time. `id` is a leak_id or a challenge_id; sealed parts stay sealed."""

    id: str
    what: What
    address: str
    """Keyed digest of the normalised address."""
    domain: str
    """Keyed digest of the address' domain."""
    due_at: datetime
    content: dict[str, Any] = field(repr=False)
    """What the mail is made of, as stored: sealed parts and the sender's choices."""
    revision: int = 0
    tries: int = 0
    unknown: int = 0
    """Attempts whose end nobody knows."""
    cut_off: bool = False
    """Whether the last attempt was cut off by a crash; it is among `unknown`, and not in the journal yet."""
    halt: Halt | None = None
    lease: str | None = None
    counted: str | None = None
    """The day on which it was counted against the daily limits."""
    expires_at: datetime | None = None
    report: str | None = None
    """Digest of the report token of a letter."""


# -- what a later word changes


@dataclass(frozen=True)
class Standing:
    """What the store knows about a leak when another word about it arrives."""

    revision: int
    halt: Halt | None = None
    waiting: bool = False
    ended: bool = False
    lease: str | None = None


@dataclass(frozen=True)
class Change:
    """`due`: the sender of mails must look at it now, be it to send or to say that it is withdrawn."""

    halt: Halt | None
    revision: int
    due: bool = False
    letter: bool = False


def on_decision(standing: Standing, revision: int, outcome: str) -> Change | None:
    """What moderation's word changes; None for nothing. The highest revision counts; a cancel outlives all."""
    if standing.ended:
        return None
    if standing.halt == "cancelled":
        # A tombstone of a cancel that came first: it is ours to say that nothing leaves.
        needs_answer = outcome == "approved" and not standing.waiting
        return Change("cancelled", max(revision, standing.revision), due=True) if needs_answer else None
    if revision <= standing.revision:
        return None
    if outcome == "approved":
        return Change(None, revision, due=True, letter=True)
    return Change("cancelled" if outcome == "withdrawn" else "stopped", revision, due=standing.waiting)


def on_cancel(standing: Standing) -> Change | None:
    """What the sender's cancel changes: nothing once the mail has ended."""
    if standing.ended or standing.halt == "cancelled":
        return None
    return Change("cancelled", standing.revision, due=standing.waiting and standing.halt is None)


# -- how a mail ends


@dataclass(frozen=True)
class Ending:
    """How a mail ended, as the journal keeps it."""

    id: str
    what: What
    end: End
    at: datetime
    report: str | None = None

    @property
    def event(self) -> LeakEvent | None:
        """What the others are told, the same each time; nothing about a confirmation mail."""
        match self.end:
            case _ if self.what == "confirmation":
                return None
            case "delivered":
                return LeakDelivered(leak_id=self.id, delivered_at=self.at, report_token_digest=self.report or "")
            case "blocked" | "limit" | "withdrawn":
                return LeakSuppressed(leak_id=self.id, suppressed_at=self.at, reason=self.end)
            case "refused" | "gave_up":
                return LeakBounced(leak_id=self.id, bounced_at=self.at, outcome_class=self.end)
            case "expired":
                raise ValueError("only a confirmation mail expires")


# -- what an answer means


@dataclass(frozen=True)
class Accepted:
    """The mail server took the mail over."""


@dataclass(frozen=True)
class Deferred:
    """Not now: 4xx, or a refusal of ourselves that says nothing about this mail."""


@dataclass(frozen=True)
class Refused:
    """Never: 5xx. `no_mailbox`: the address itself is wrong (RFC 3463, 5.1.x), so nothing more goes there."""

    no_mailbox: bool = False


@dataclass(frozen=True)
class NotSent:
    """The connection failed before the end of the data: certainly nothing was handed over."""


@dataclass(frozen=True)
class Unknown:
    """The connection failed after the end of the data: the mail may have been taken over, or not."""


Answer = Accepted | Deferred | Refused | NotSent | Unknown


@dataclass(frozen=True)
class Ended:
    """The mail is done with. `suppress`: the address gets nothing any more."""

    end: End
    suppress: bool = False


@dataclass(frozen=True)
class Again:
    """Try again at `at`."""

    at: datetime
    tries: int
    unknown: int


def end_without_sending(job: Job, now: datetime) -> End | None:
    """How a mail ends that must not go, or not again; None when it is to be sent."""
    if job.halt == "cancelled":
        return honest("withdrawn", job.unknown)
    if job.halt == "stopped" or job.unknown >= UNKNOWN_MAX:
        return honest("gave_up", job.unknown)
    if job.expires_at is not None and job.expires_at <= now:
        return "expired"
    return None


def after(answer: Answer, job: Job, now: datetime, retry_after_s: Sequence[int]) -> Ended | Again:
    """What follows an answer. Retries follow the published schedule; a failed connection costs the mail nothing."""
    match answer:
        case Accepted():
            return Ended("delivered")
        case Refused(no_mailbox=suppress):
            return Ended(honest("refused", job.unknown), suppress)
        case NotSent():
            return Again(now + timedelta(seconds=NOT_SENT_AGAIN_S), job.tries, job.unknown)
        case Deferred() | Unknown():
            unknown = job.unknown + isinstance(answer, Unknown)
            if job.tries >= len(retry_after_s) or unknown >= UNKNOWN_MAX:
                return Ended(honest("gave_up", unknown))
            return Again(now + timedelta(seconds=retry_after_s[job.tries]), job.tries + 1, unknown)


def honest(end: End, unknown: int) -> End:
    """A mail that may have arrived counts as delivered, so that its recipient's report finds the leak."""
    return "delivered" if unknown else end
