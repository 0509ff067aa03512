"""Pure decisions about a mail: what a later decision changes, what a mail server's answer means, when to try again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.events.values import AddressDigestText

Halt = Literal["stopped", "cancelled"]
"""Why a mail must not go: moderation took its approval back (and may approve again), or it is withdrawn for good."""

Outcome = Literal["delivered", "refused", "gave_up", "blocked", "limit", "withdrawn", "expired"]
"""How a mail ended. `withdrawn` happens to letters only, `expired` to confirmation mails only."""

UNKNOWN_MAX = 3
"""Times that a mail may be handed over with an unknown end; each of them may have reached its recipient."""

NOT_SENT_AGAIN_S = 60
UNREADABLE_AGAIN_S = 3_600


@dataclass(frozen=True)
class Mail:
    """Ready-made bytes with CRLF line ends, and the envelope."""

    envelope_from: str
    envelope_to: str
    data: bytes


@dataclass(frozen=True)
class Job:
    """A mail that waits for its time. `id` is a leak_id or a challenge_id; sealed parts stay sealed."""

    id: str
    recipient_digests: tuple[AddressDigestText, ...]
    """What stood for the recipient when the mail was stored, under each key and table of then; the current first."""
    domain_digest: AddressDigestText
    due_at: datetime
    stored_at: datetime
    """When we stored what it is made of: its seals are judged, and its ids are made, as of then."""
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
    message_id_digest: str | None = None
    """Digest of a letter's Message-ID: what its recipient may quote."""


# -- what a later decision changes


@dataclass(frozen=True)
class MailState:
    """What the store knows about a leak when another event about it arrives."""

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


def on_decision(state: MailState, revision: int, outcome: str) -> Change | None:
    """What moderation's decision changes; None for nothing. The highest revision counts; a cancel outlives all."""
    if state.ended:
        return None
    if state.halt == "cancelled":
        # A tombstone of a cancel that came first: it is ours to say that nothing leaves.
        needs_answer = outcome == "approved" and not state.waiting
        return Change("cancelled", max(revision, state.revision), due=True) if needs_answer else None
    if revision <= state.revision:
        return None
    if outcome == "approved":
        return Change(None, revision, due=True, letter=True)
    return Change("cancelled" if outcome == "withdrawn" else "stopped", revision, due=state.waiting)


def on_cancel(state: MailState) -> Change | None:
    """What the sender's cancel changes: nothing once the mail has ended."""
    if state.ended or state.halt == "cancelled":
        return None
    return Change("cancelled", state.revision, due=state.waiting and state.halt is None)


# -- how a mail ends


@dataclass(frozen=True)
class MailOutcome:
    """How a mail ended, as the journal has it."""

    id: str
    outcome: Outcome
    at: datetime
    message_id_digest: str | None = None


# -- what an answer means


@dataclass(frozen=True)
class Accepted:
    """The mail server took the mail over."""


@dataclass(frozen=True)
class Deferred:
    """Not now: 4xx, or a refusal of ourselves that says nothing about this mail."""


@dataclass(frozen=True)
class Rejected:
    """Never: 5xx. `no_mailbox`: the address itself is wrong (RFC 3463, 5.1.x), so nothing more goes there."""

    no_mailbox: bool = False


@dataclass(frozen=True)
class NotSent:
    """The connection failed before the end of the data: certainly nothing was handed over."""


@dataclass(frozen=True)
class Unknown:
    """The connection failed after the end of the data: the mail may have been taken over, or not."""


Answer = Accepted | Deferred | Rejected | NotSent | Unknown


@dataclass(frozen=True)
class Done:
    """The mail is done with. `suppress`: the address gets nothing any more."""

    outcome: Outcome
    suppress: bool = False


@dataclass(frozen=True)
class Retry:
    """Try again at `at`."""

    at: datetime
    tries: int
    unknown: int


def outcome_without_sending(job: Job, now: datetime) -> Outcome | None:
    """How a mail ends that must not go, or not again; None when it is to be sent."""
    if job.halt == "cancelled":
        return delivered_if_unknown("withdrawn", job.unknown)
    if job.halt == "stopped" or job.unknown >= UNKNOWN_MAX:
        return delivered_if_unknown("gave_up", job.unknown)
    if job.expires_at is not None and job.expires_at <= now:
        return "expired"
    return None


def after(answer: Answer, job: Job, now: datetime, retry_after_s: Sequence[int]) -> Done | Retry:
    """What follows an answer. Retries follow the published schedule; a failed connection costs the mail nothing."""
    match answer:
        case Accepted():
            return Done("delivered")
        case Rejected(no_mailbox=suppress):
            return Done(delivered_if_unknown("refused", job.unknown), suppress)
        case NotSent():
            return Retry(now + timedelta(seconds=NOT_SENT_AGAIN_S), job.tries, job.unknown)
        case Deferred() | Unknown():
            unknown = job.unknown + isinstance(answer, Unknown)
            if job.tries >= len(retry_after_s) or unknown >= UNKNOWN_MAX:
                return Done(delivered_if_unknown("gave_up", unknown))
            return Retry(now + timedelta(seconds=retry_after_s[job.tries]), job.tries + 1, unknown)


def delivered_if_unknown(outcome: Outcome, unknown: int) -> Outcome:
    """The outcome, but `delivered` for a mail that may have arrived: its recipient may hold it."""
    return "delivered" if unknown else outcome
