"""What moderation decides, purely: clock and randomness are arguments, and the words come from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from services.moderation.policy.verdict import Finding, Verdict
from services.moderation.policy.verdict import Outcome as Ruling
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakConfirmed, Letter
from shared.runtime.clock import to_the_millisecond

Ending = Literal["approved", "held", "rejected", "withdrawn"]

ENDINGS: Final[Mapping[Ruling, Ending]] = {
    Ruling.APPROVE: "approved",
    Ruling.HOLD: "held",
    Ruling.REJECT: "rejected",
}
FIRST_REVISION: Final = 1
LETTER_FIELDS: Final = frozenset(Letter.model_fields) - {"leak_id"}


@dataclass(frozen=True)
class Outcome:
    """The first word on a leak: by the rules, or by a sender who cancelled before the leak came."""

    leak_id: str
    ending: Ending
    decided_at: datetime
    policy: str | None = None
    version: str | None = None
    findings: tuple[Finding, ...] = ()
    deliver_at: datetime | None = None
    statement: str | None = None
    # Counts a recipient's history; never shown.
    recipient_pseudonym: str | None = None


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
    recipient_pseudonym: str
    letter: Letter | None
    receipt_key: str | None
    automated: bool
    decided_at: datetime
    decided_by: str | None = None
    escalated_at: datetime | None = None
    lease: Lease | None = None
    fence: int = 0


class Refused(Exception):
    """A moderator's act that can't be carried out.

    ├── PolicyMissing     a rejection names no policy that we have
    ├── StatementMissing  a rejection gives no reasons, or more than fit
    ├── Unread            the words were not shown to whoever approves them
    ├── EscalatedAlready  a threat to life was told to audit: it is never approved afterwards
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


def judged(event: LeakConfirmed, verdict: Verdict, now: datetime, delay_s: float) -> Outcome:
    """What the rules' verdict means for the leak. `delay_s` is the random wait before an approved one is sent."""
    ending = ENDINGS[verdict.outcome]
    if ending == "rejected" and verdict.policy is None:
        # A refusal owes its reasons: without a policy a person finds them.
        ending = "held"
    return Outcome(
        event.leak_id,
        ending,
        to_the_millisecond(now),
        verdict.policy,
        verdict.version,
        # What was found in an approved leak is nobody's business.
        findings=() if ending == "approved" else verdict.findings,
        deliver_at=to_the_millisecond(now + timedelta(seconds=delay_s)) if ending == "approved" else None,
        recipient_pseudonym=event.recipient_pseudonym,
    )


def withdrawn_before_it_came(leak_id: str, now: datetime) -> Outcome:
    """A cancel that overtook its leak."""
    return Outcome(leak_id, "withdrawn", to_the_millisecond(now))


def announced(outcome: Outcome, letter: Letter) -> LeakDecided:
    """The event that tells a first outcome; the letter goes only with an approval."""
    return LeakDecided(
        leak_id=outcome.leak_id,
        revision=FIRST_REVISION,
        outcome=outcome.ending,
        decided_at=outcome.decided_at,
        automated=outcome.ending != "withdrawn",
        policy=outcome.policy,
        policy_version=outcome.version,
        statement=outcome.statement,
        deliver_at=outcome.deliver_at,
        **(_carried(letter) if outcome.ending == "approved" else {}),
    )


def case_of(outcome: Outcome, event: LeakConfirmed, case_id: str, severity: int) -> Case:
    """The case of a leak that the rules held or rejected."""
    return Case(
        leak_id=outcome.leak_id,
        case_id=case_id,
        ending=outcome.ending,
        revision=FIRST_REVISION,
        opened_at=outcome.decided_at,
        severity=severity,
        policy=outcome.policy,
        version=outcome.version,
        findings=outcome.findings,
        recipient_pseudonym=event.recipient_pseudonym,
        letter=Letter(leak_id=event.leak_id, **_carried(event)),
        receipt_key=event.receipt_key,
        automated=True,
        decided_at=outcome.decided_at,
    )


def approved(case: Case, name: str, now: datetime, delay_s: float) -> tuple[Case, LeakDecided]:
    """A moderator lets the leak go. Raises Unread, EscalatedAlready, or TooLate when its letter is gone."""
    if case.lease is None or not case.lease.read:
        raise Unread
    if case.escalated_at is not None:
        raise EscalatedAlready
    if case.letter is None:
        raise TooLate
    after = replace(_ruled(case, "approved", now, by=name), policy=None, letter=None, receipt_key=None, findings=())
    event = _told(after, deliver_at=to_the_millisecond(now + timedelta(seconds=delay_s)), **_carried(case.letter))
    return after, event


def rejected(case: Case, name: str, now: datetime, policy: str, statement: str) -> tuple[Case, LeakDecided]:
    """A moderator refuses the leak; `statement` is sealed to the receipt already."""
    after = replace(_ruled(case, "rejected", now, by=name), policy=policy)
    return after, _told(after, statement=statement)


def withdrawn(case: Case, now: datetime) -> tuple[Case, LeakDecided]:
    """The sender cancelled what was held, or nobody decided it while it could be read."""
    after = replace(_ruled(case, "withdrawn", now), policy=None, letter=None, receipt_key=None, findings=())
    return after, _told(after)


def told_again(case: Case) -> LeakDecided:
    """The event of a withdrawal, from the case alone."""
    return _told(case)


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


def _told(case: Case, **facts: object) -> LeakDecided:
    return LeakDecided.model_validate(
        {
            "leak_id": case.leak_id,
            "revision": case.revision,
            "outcome": case.ending,
            "decided_at": case.decided_at,
            "automated": case.automated,
            "policy": case.policy,
            "policy_version": case.version,
            **facts,
        }
    )


def _carried(letter: Letter) -> dict[str, str]:
    return {name: getattr(letter, name) for name in sorted(LETTER_FIELDS)}
