"""From a text to a verdict: read it, run the rules whose words occur, weigh what was found."""

import re
from collections.abc import Iterator
from typing import Final

from services.moderation.policy.catalogue import ORDER
from services.moderation.policy.language import guess
from services.moderation.policy.links import link_matches
from services.moderation.policy.matching import Match, word_matches
from services.moderation.policy.numbers import NUMBER_WORDS, SPELT_DIGITS, number_matches, spelt_number_matches
from services.moderation.policy.obfuscation import Vocabulary, has_disguise
from services.moderation.policy.places import email_matches, street_matches
from services.moderation.policy.reading import Folded, bare_words, line_of, read, words_of
from services.moderation.policy.repetition import CHARACTERS_READ, repetition_matches
from services.moderation.policy.rulebook import load
from services.moderation.policy.verdict import Finding, Language, Outcome, Verdict

_BOOK: Final = load()
_VOCABULARY: Final = Vocabulary(_BOOK.words, _BOOK.masked)
_AN_ADDRESS: Final = re.compile(r"@|[\[({]\s?(?:at|arobase?)\s?[\])}]")
_A_DIGIT: Final = re.compile(r"\d")

VERSION: Final = _BOOK.version
DISTRESS: Final = "self-harm-disclosure"


def evaluate(text: str) -> Verdict:
    """Decide on a message by the rules alone. Never raises, and takes bounded time whatever the text."""
    folded = read(text[:CHARACTERS_READ])
    plain = bare_words(folded.text)
    words = None
    if has_disguise(folded.text):
        words = _VOCABULARY.unmask(folded.text, words_of(folded.text))
        plain = [word for word, _, _ in words]
    distinct = frozenset(plain)
    language = guess(distinct)
    found = list(_measured(text, folded, plain, distinct, language))
    candidates = list(_BOOK.candidates(distinct, language))
    if not candidates and not found:
        return Verdict(Outcome.APPROVE, None, (), VERSION, language)
    line = line_of(words_of(folded.text) if words is None else words)
    found.extend(match for rule, pattern in candidates for match in word_matches(rule, pattern, line, folded))
    return _weigh(found, line.text, distinct, language)


def _measured(
    text: str, folded: Folded, plain: list[str], distinct: frozenset[str], language: Language
) -> Iterator[Match]:
    """What validators find; each is run only when the text shows a sign of it."""
    if _A_DIGIT.search(folded.text):
        yield from number_matches(folded, language)
        yield from street_matches(folded, text)
    if len(distinct & NUMBER_WORDS) >= SPELT_DIGITS:
        yield from spelt_number_matches(folded)
    if _AN_ADDRESS.search(folded.text):
        yield from email_matches(folded)
    yield from link_matches(folded, text)
    yield from repetition_matches(text, plain)


def _weigh(found: list[Match], line: str, words: frozenset[str], language: Language) -> Verdict:
    """The severest finding decides; somebody in distress is first of all that, whatever else was found."""
    decisive = [(match.finding, match.outcome) for match in found if match.outcome]
    decisive.extend(_combined(found))
    if not decisive:
        return Verdict(Outcome.APPROVE, None, (), VERSION, language)
    if any(match.person for match in found):
        decisive = [(finding, Outcome.HOLD) for finding, _ in decisive]
    decisive = [(finding, _within_frames(finding, outcome, line, words)) for finding, outcome in decisive]
    first, outcome = min(decisive, key=lambda item: (-item[1].rank, ORDER[item[0].policy], item[0].start))
    in_distress = any(finding.policy == DISTRESS for finding, _ in decisive)
    findings = sorted({finding for finding, _ in decisive}, key=lambda found: (found.start, found.end, found.rule))
    return Verdict(outcome, DISTRESS if in_distress else first.policy, tuple(findings), VERSION, language)


def _combined(found: list[Match]) -> Iterator[tuple[Finding, Outcome]]:
    """The first combination of each policy whose signals are all there, with the signals as findings of their own."""
    signals = {match.signal for match in found if match.signal}
    done: set[str] = set()
    for combination in _BOOK.combinations:
        if combination.policy in done or not combination.signals <= signals:
            continue
        done.add(combination.policy)
        parts = [match.finding for match in found if match.signal in combination.signals]
        whole = min(part.start for part in parts), max(part.end for part in parts)
        yield Finding(combination.policy, combination.id, *whole), combination.outcome
        for part in parts:
            yield Finding(combination.policy, part.rule, part.start, part.end), combination.outcome


def _within_frames(finding: Finding, outcome: Outcome, line: str, words: frozenset[str]) -> Outcome:
    """The outcome, or a hold instead of a rejection where somebody reports, quotes or jokes."""
    if outcome is Outcome.REJECT and any(frame.covers(finding.policy, line, words) for frame in _BOOK.frames):
        return Outcome.HOLD
    return outcome
