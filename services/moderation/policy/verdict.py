"""What an evaluation answers: the outcome, the deciding policy and where in the original text each rule matched."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["en", "fr", "und"]


class Outcome(StrEnum):
    """What happens to the leak, mildest first."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"

    @property
    def rank(self) -> int:
        """Order by severity: the severest finding decides."""
        return _SEVERITY[self]


_SEVERITY = {Outcome.APPROVE: 0, Outcome.HOLD: 1, Outcome.REJECT: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that matched: start and end count characters of the original text, end excluded.

    The score is a probability between 0 and 1, and None for rules, which have none.
    """

    policy: str
    rule: str
    start: int
    end: int
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and all that is needed to explain it; version names the rules that made it."""

    outcome: Outcome
    policy: str | None
    findings: tuple[Finding, ...]
    version: str
    language: Language
