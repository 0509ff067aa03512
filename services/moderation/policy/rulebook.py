"""Loads the rule data (rules/*.toml) once, compiles it, and indexes each rule by the words it can't do without."""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.moderation.policy.language import COMMON_WORDS, RULES
from services.moderation.policy.patterns import Lists, Pattern, compile_pattern
from services.moderation.policy.verdict import Language, Outcome

# Raise this when the code changes what the same rule data decides: it is part of every verdict's version.
ENGINE: Final = 1

_KNOWN_KEYS: Final = {"id", "match", "unless", "outcome", "signal", "person", "exclusive", "hits", "passes"}


class RuleError(ValueError):
    """The rule data contradicts itself: says which rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule: it decides an outcome, is a signal for combinations, or both."""

    id: str
    policy: str
    language: Language
    unless: tuple[Pattern, ...]
    outcome: Outcome | None
    signal: str | None
    # A person must see it, whatever else was found: danger to a life, or somebody asking for help.
    person: bool
    # Its words mean something else in the other language: skipped when the text is clearly in that one.
    exclusive: bool
    hits: tuple[str, ...]
    passes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Combination:
    """Signals that only together break a policy."""

    id: str
    policy: str
    signals: frozenset[str]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Frame:
    """Who speaks about what: a report, a quotation or plain banter is never rejected by the machine."""

    id: str
    patterns: tuple[Pattern, ...]
    policies: frozenset[str]

    def covers(self, policy: str, line: str, words: AbstractSet[str]) -> bool:
        """Whether the text stands in this frame, as far as the policy goes."""
        if self.policies and policy not in self.policies:
            return False
        return any(pattern.may_match(words) and pattern.regex.search(line) for pattern in self.patterns)


@dataclass(slots=True)
class Rulebook:
    """All rules, ready to run."""

    rules: list[Rule]
    patterns: list[tuple[Rule, Pattern]]
    combinations: list[Combination]
    frames: list[Frame]
    index: Mapping[str, tuple[int, ...]]
    words: AbstractSet[str]
    masked: AbstractSet[str]
    version: str

    def candidates(self, words: AbstractSet[str], language: Language) -> Iterator[tuple[Rule, Pattern]]:
        """The patterns whose words are there, in the order of the data."""
        numbers = {number for word in words if word in self.index for number in self.index[word]}
        for number in sorted(numbers):
            rule, pattern = self.patterns[number]
            if pattern.may_match(words) and (not rule.exclusive or language in {rule.language, "und"}):
                yield rule, pattern


@dataclass(slots=True)
class _Draft:
    rules: list[Rule] = field(default_factory=list)
    patterns: list[tuple[Rule, Pattern]] = field(default_factory=list)
    index: dict[str, list[int]] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)


def load(folder: Path = RULES) -> Rulebook:
    """Read and compile every file of the folder; raises PatternError or RuleError naming what is wrong."""
    digest = hashlib.sha256()
    documents: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        content = path.read_bytes()
        digest.update(path.name.encode() + b"\0" + content)
        documents[path.name.removesuffix(".toml")] = tomllib.loads(content.decode())
    shared = {lang: _lists(documents[f"lists.{lang}"] | documents[f"slurs.{lang}"]) for lang in ("en", "fr")}
    draft = _Draft()
    for name, document in documents.items():
        policy, _, language = name.partition(".")
        if "rule" in document and language in {"en", "fr"}:
            lists = {**shared[language], **_lists(document.get("lists", {}))}
            for entry in document["rule"]:
                _add_rule(draft, entry, policy, "en" if language == "en" else "fr", lists)
    masked = {word for lists in shared.values() for word in lists["MASKED"]}
    return Rulebook(
        rules=draft.rules,
        patterns=draft.patterns,
        combinations=[_combination(entry) for entry in documents["combinations"]["combination"]],
        frames=[_frame(entry) for entry in documents["frames"]["frame"]],
        index={word: tuple(numbers) for word, numbers in draft.index.items()},
        words=frozenset(draft.words | masked),
        masked=frozenset(masked),
        version=f"{ENGINE}-{digest.hexdigest()[:12]}",
    )


def _lists(document: Mapping[str, Any]) -> Lists:
    return {name: tuple(words) for name, words in document.items() if isinstance(words, list)}


def _add_rule(draft: _Draft, entry: Mapping[str, Any], policy: str, language: Language, lists: Lists) -> None:
    if unknown := entry.keys() - _KNOWN_KEYS:
        message = f"rule {entry.get('id')}: unknown keys {sorted(unknown)}"
        raise RuleError(message)
    if not entry.keys() & {"outcome", "signal"}:
        message = f"rule {entry['id']}: give it an outcome or a signal"
        raise RuleError(message)
    rule = Rule(
        id=f"{policy}.{language}.{entry['id']}",
        policy=policy,
        language=language,
        unless=_patterns(entry.get("unless", ()), lists),
        outcome=Outcome(entry["outcome"]) if "outcome" in entry else None,
        signal=entry.get("signal"),
        person=entry.get("person", False),
        exclusive=entry.get("exclusive", False),
        hits=tuple(entry.get("hits", ())),
        passes=tuple(entry.get("passes", ())),
    )
    draft.rules.append(rule)
    for pattern in _patterns(entry["match"], lists):
        for word in pattern.anchors:
            draft.index.setdefault(word, []).append(len(draft.patterns))
        draft.words.update(pattern.words)
        draft.patterns.append((rule, pattern))


def _patterns(sources: Iterable[str], lists: Lists) -> tuple[Pattern, ...]:
    return tuple(compile_pattern(source, lists, COMMON_WORDS) for source in sources)


def _combination(entry: Mapping[str, Any]) -> Combination:
    return Combination(entry["id"], entry["policy"], frozenset(entry["signals"]), Outcome(entry["outcome"]))


def _frame(entry: Mapping[str, Any]) -> Frame:
    return Frame(entry["id"], _patterns(entry["match"], {}), frozenset(entry.get("policies", ())))
