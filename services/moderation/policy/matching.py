"""Runs the word rules over one line of words."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from services.moderation.policy.patterns import Pattern
from services.moderation.policy.reading import Folded, Line
from services.moderation.policy.rulebook import Rule
from services.moderation.policy.verdict import Finding, Outcome

# Enough to show a moderator why; a text that repeats itself a thousand times needs no thousand findings.
FINDINGS_PER_PATTERN: Final = 5


class Match(NamedTuple):
    """A finding with what it counts for: an outcome of its own, a signal for combinations, or both."""

    finding: Finding
    outcome: Outcome | None
    signal: str | None = None
    person: bool = False


def word_matches(rule: Rule, pattern: Pattern, line: Line, folded: Folded) -> Iterator[Match]:
    """Where the pattern matches and no `unless` of its rule does, as spans of the original text."""
    excused: list[tuple[int, int]] | None = None
    for count, found in enumerate(pattern.regex.finditer(line.text)):
        if count >= FINDINGS_PER_PATTERN:
            return
        if excused is None:
            excused = [excuse.span() for unless in rule.unless for excuse in unless.regex.finditer(line.text)]
        start, end = found.span()
        if any(first < end and start < last for first, last in excused):
            continue
        original = folded.span(*line.span(start, end))
        yield Match(Finding(rule.policy, rule.id, *original), rule.outcome, rule.signal, rule.person)
