"""What the pages show of a case: never an id, an address or a pseudonym that outlives the case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from services.moderation.domain import Case
from services.moderation.policy.catalogue import Policy
from services.moderation.policy.verdict import Finding
from shared.events.values import Language

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True)
class Piece:
    """A stretch of a message, and the numbers of the findings that cover it."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """A line of the queue."""

    case_id: str
    title: str
    severity: int
    age: tuple[str, int]
    kind: str
    language: str
    claimed: bool
    mine: bool
    escalated: bool


def pieces(message: str, findings: Sequence[Finding]) -> list[Piece]:
    """The message cut where findings begin and end. Findings are numbered from 1, as in the list beside it."""
    length = len(message)
    bounds = {0, length} | {min(length, max(0, at)) for finding in findings for at in (finding.start, finding.end)}
    cuts = sorted(bounds)
    return [
        Piece(
            message[start:end],
            tuple(
                number for number, finding in enumerate(findings, 1) if finding.start <= start and end <= finding.end
            ),
        )
        for start, end in pairwise(cuts)
    ]


def age(since: datetime, now: datetime) -> tuple[str, int]:
    """The unit's text key and how many of it: rough, since nobody decides by the second."""
    seconds = max(0, int((now - since).total_seconds()))
    for unit, length_s in (("days", 2 * DAY_S), ("hours", 2 * HOUR_S), ("minutes", 0)):
        if seconds >= length_s:
            return unit, seconds // {"days": DAY_S, "hours": HOUR_S, "minutes": MINUTE_S}[unit]
    return "minutes", 0


def row(case: Case, policies: Mapping[str, Policy], language: Language, name: str, now: datetime) -> Row:
    """One case in the queue, as `name` sees it."""
    claimed = case.lease is not None and now < case.lease.until
    return Row(
        case_id=case.case_id,
        title=title(case.policy, policies, language),
        severity=case.severity,
        age=age(case.opened_at, now),
        kind=case.letter.kind if case.letter else "other",
        language=case.letter.language if case.letter else "",
        claimed=claimed,
        mine=claimed and case.lease is not None and case.lease.by == name,
        escalated=case.escalated_at is not None,
    )


def title(policy: str | None, policies: Mapping[str, Policy], language: Language) -> str:
    """A policy's name; nothing for a leak that the rules could not judge."""
    return policies[policy].title[language] if policy is not None and policy in policies else ""
