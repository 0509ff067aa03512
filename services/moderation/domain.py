"""What moderation decides, purely: clock and randomness are arguments, and the words come from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from services.moderation.policy.verdict import Finding, Verdict
from services.moderation.policy.verdict import Outcome as Ruling
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakConfirmed, SealedLetter
from shared.events.values import AddressDigestText, SealedText, SealedToReceiptText
from shared.runtime.clock import to_the_millisecond, to_the_minute

Ending = Literal["approved", "held", "rejected", "withdrawn"]

ENDINGS: Final[Mapping[Ruling, Ending]] = {
    Ruling.APPROVE: "approved",
    Ruling.HOLD: "held",
    Ruling.REJECT: "rejected",
}
FIRST_REVISION: Final = 1
LETTER_FIELDS: Final = frozenset(SealedLetter.model_fields) - {"leak_id"}


@dataclass(frozen=True)
class FirstDecision:
    """What was decided first of a leak: by the rules, or by a sender who cancelled before the leak came."""

    leak_id: str
    ending: Ending
    decided_at: datetime
    policy: str | None = None
    version: str | None = None
    findings: tuple[Finding, ...] = ()
    deliver_at: datetime | None = None
    sealed_note: SealedToReceiptText | None = None
    """None for a tombstone: the leak, and with it the receipt's key, has not come."""
    sealed_report_link: SealedText | None = None
    recipient_pseudonyms: tuple[AddressDigestText, ...] = ()
    """Counts a recipient's history; never shown. One digest under each key, newest first."""


@dataclass(frozen=True)
class Lease:
    """Who holds a case, until when. `fence` rises with each claim: an act with an older one comes too late."""

    by: str
    until: datetime
    fence: int
    read: bool = False
    """Whether the words were shown to this claim's holder."""

    def holds(self, name: str, fence: int, now: datetime) -> bool:
        """Whether this claim may still act."""
        return self.by == name and self.fence == fence and now < self.until


@dataclass(frozen=True)
class Case:
    """A leak that a person may have to look at. The letter and its key leave when nobody may need them any more."""

    leak_id: str
    case_id: str
    ending: Ending
    revision: int
    opened_at: datetime
    severity: int
    policy: str | None
    version: str | None
    findings: tuple[Finding, ...]
    recipient_pseudonyms: tuple[AddressDigestText, ...]
    letter: SealedLetter | None
    receipt_key: str | None
    automated: bool
    decided_at: datetime
    decided_by: str | None = None
    escalated_at: datetime | None = None
    sealed_note: SealedToReceiptText | None = None
    """What a withdrawn case says to the receipt, for repeats: its receipt's key is gone."""
    lease: Lease | None = None
    fence: int = 0


class Refused(Exception):
    """A moderator's act that can't be carried out.

    ├── PolicyMissing     a rejection names no policy that we have
    ├── StatementMissing  a rejection gives no reasons, or more than fit
    ├── Unread            the words were not shown to whoever approves them
    ├── EscalatedAlready  a threat to life went to audit: it is never approved afterwards
    └── TooLate           the claim ended, or the leak was withdrawn
    """


class PolicyMissing(Refused):
    """A rejection needs a policy."""


class StatementMissing(Refused):
    """A rejection needs reasons of a length that the sender can read."""


class Unread(Refused):
    """What a person approves was read by that person."""


class EscalatedAlready(Refused):
    """What was told as a threat to life is not sent."""


class TooLate(Refused):
    """Somebody else may hold the case by now; nothing was changed."""


STATEMENT_MAX: Final = 2_000


def judged(
    event: LeakConfirmed,
    pseudonyms: tuple[AddressDigestText, ...],
    verdict: Verdict,
    now: datetime,
    delay_s: float,
) -> FirstDecision:
    """What the rules' verdict means for the leak. `delay_s` is the random wait before an approved one is sent."""
    ending = ENDINGS[verdict.outcome]
    if ending == "rejected" and verdict.policy is None:
        # A refusal owes its reasons: without a policy a person finds them.
        ending = "held"
    return FirstDecision(
        event.leak_id,
        ending,
        to_the_millisecond(now),
        verdict.policy,
        verdict.version,
        # What was found in an approved leak concerns nobody.
        findings=() if ending == "approved" else verdict.findings,
        deliver_at=to_the_minute(now + timedelta(seconds=delay_s)) if ending == "approved" else None,
        recipient_pseudonyms=pseudonyms,
    )


def withdrawn_before_it_came(leak_id: str, now: datetime) -> FirstDecision:
    """A cancel that overtook its leak."""
    return FirstDecision(leak_id, "withdrawn", to_the_millisecond(now))


def decision_event(decided: FirstDecision, letter: SealedLetter) -> LeakDecided:
    """The event of a first decision that has its note; the letter goes only with an approval."""
    if decided.sealed_note is None:
        raise ValueError("a decision without its note")
    carried = (
        {**_carried(letter), "sealed_report_link": decided.sealed_report_link} if decided.ending == "approved" else {}
    )
    return LeakDecided(
        leak_id=decided.leak_id,
        revision=FIRST_REVISION,
        outcome=decided.ending,
        decided_at=to_the_minute(decided.decided_at),
        automated=decided.ending != "withdrawn",
        sealed_note=decided.sealed_note,
        deliver_at=decided.deliver_at,
        **carried,
    )


def case_of(decided: FirstDecision, event: LeakConfirmed, case_id: str, severity: int) -> Case:
    """The case of a leak that the rules held or rejected."""
    return Case(
        leak_id=decided.leak_id,
        case_id=case_id,
        ending=decided.ending,
        revision=FIRST_REVISION,
        opened_at=decided.decided_at,
        severity=severity,
        policy=decided.policy,
        version=decided.version,
        findings=decided.findings,
        recipient_pseudonyms=decided.recipient_pseudonyms,
        letter=SealedLetter(leak_id=event.leak_id, **_carried(event)),
        receipt_key=event.receipt_key,
        automated=True,
        decided_at=decided.decided_at,
    )


def approved(
    case: Case,
    name: str,
    now: datetime,
    delay_s: float,
    *,
    sealed_note: SealedToReceiptText,
    sealed_report_link: SealedText,
) -> tuple[Case, LeakDecided]:
    """A moderator lets the leak go. Raises Unread, EscalatedAlready, or TooLate when its letter is gone."""
    if case.lease is None or not case.lease.read:
        raise Unread
    if case.escalated_at is not None:
        raise EscalatedAlready
    if case.letter is None:
        raise TooLate
    after = replace(_ruled(case, "approved", now, by=name), policy=None, letter=None, receipt_key=None, findings=())
    event = _revised(
        after,
        sealed_note,
        deliver_at=to_the_minute(now + timedelta(seconds=delay_s)),
        sealed_report_link=sealed_report_link,
        **_carried(case.letter),
    )
    return after, event


def rejected(
    case: Case, name: str, now: datetime, policy: str, sealed_note: SealedToReceiptText
) -> tuple[Case, LeakDecided]:
    """A moderator refuses the leak; the note holds the reasons."""
    after = replace(_ruled(case, "rejected", now, by=name), policy=policy)
    return after, _revised(after, sealed_note)


def withdrawn(case: Case, now: datetime, sealed_note: SealedToReceiptText) -> tuple[Case, LeakDecided]:
    """The sender cancelled what was held, or nobody decided it while it could be read."""
    after = replace(
        _ruled(case, "withdrawn", now),
        policy=None,
        letter=None,
        receipt_key=None,
        findings=(),
        sealed_note=sealed_note,
    )
    return after, _revised(after, sealed_note)


def withdrawal_event(case: Case) -> LeakDecided | None:
    """The event of a withdrawal, from the case alone; None when it is not withdrawn."""
    return _revised(case, case.sealed_note) if case.ending == "withdrawn" and case.sealed_note else None


def checked_reasons(statement: str) -> str:
    """The statement as it will be sent. Raises StatementMissing."""
    reasons = statement.replace("\r\n", "\n").strip()
    if not reasons or len(reasons) > STATEMENT_MAX:
        raise StatementMissing
    return reasons


def urgency(severity: int, opened_at: datetime, now: datetime) -> float:
    """Severity times age: what is twice as severe waits half as long. The minute keeps fresh severe cases on top."""
    age_s = max(0.0, (now - opened_at).total_seconds())
    return severity * (age_s + 60)


def _ruled(case: Case, ending: Ending, now: datetime, by: str | None = None) -> Case:
    return replace(
        case,
        ending=ending,
        revision=case.revision + 1,
        decided_at=to_the_millisecond(now),
        decided_by=by,
        automated=False,
        lease=None,
    )


def _revised(case: Case, sealed_note: SealedToReceiptText, **facts: object) -> LeakDecided:
    return LeakDecided.model_validate(
        {
            "leak_id": case.leak_id,
            "revision": case.revision,
            "outcome": case.ending,
            "decided_at": to_the_minute(case.decided_at),
            "automated": case.automated,
            "sealed_note": sealed_note,
            **facts,
        }
    )


def _carried(letter: SealedLetter) -> dict[str, str]:
    return {name: getattr(letter, name) for name in sorted(LETTER_FIELDS)}
