"""The rule data: its own examples, its ids, its version, and what the loader refuses."""

import shutil

import pytest

from services.moderation.policy import VERSION, catalogue, evaluate
from services.moderation.policy.patterns import PatternError, compile_pattern
from services.moderation.policy.reading import line_of, read, words_of
from services.moderation.policy.rulebook import RULES, RuleError, load

BOOK = load()


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(RULES, tmp_path / "rules")


def _matches(rule, text):
    folded = read(text)
    line = line_of(words_of(folded.text)).text
    excused = any(unless.regex.search(line) for unless in rule.unless)
    return not excused and any(pattern.regex.search(line) for one, pattern in BOOK.patterns if one is rule)


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_a_rule_hits_its_own_examples_and_passes_its_look_alikes(rule):
    assert rule.hits
    assert [text for text in rule.hits if not _matches(rule, text)] == []
    assert [text for text in rule.passes if _matches(rule, text)] == []


def test_look_alikes_of_every_rule_are_approved_as_a_whole():
    held = [text for rule in BOOK.rules for text in rule.passes if evaluate(text).findings]
    assert held == []


def test_rule_ids_are_unique_and_their_policies_have_words():
    ids = [rule.id for rule in BOOK.rules]
    assert len(ids) == len(set(ids))
    named = {policy.id for policy in catalogue()}
    assert {rule.policy for rule in BOOK.rules} | {one.policy for one in BOOK.combinations} == named


def test_a_combination_asks_only_for_signals_that_some_rule_gives():
    given = {rule.signal for rule in BOOK.rules}
    assert {signal for one in BOOK.combinations for signal in one.signals} <= given


def test_the_version_names_the_rules_that_decided(folder):
    assert evaluate("hello").version == VERSION == load(folder).version


def test_a_changed_rule_changes_the_version(folder):
    with (folder / "spam.en.toml").open("a") as data:
        data.write("# one more remark\n")
    assert load(folder).version != VERSION


def test_a_rule_with_an_unknown_key_is_refused(folder):
    with (folder / "spam.en.toml").open("a") as data:
        data.write('[[rule]]\nid = "typo"\noutcom = "hold"\noutcome = "hold"\nmatch = ["lottery"]\n')
    with pytest.raises(RuleError, match="outcom"):
        load(folder)


def test_a_rule_without_an_outcome_or_a_signal_is_refused(folder):
    with (folder / "spam.en.toml").open("a") as data:
        data.write('[[rule]]\nid = "idle"\nmatch = ["lottery"]\n')
    with pytest.raises(RuleError, match="idle"):
        load(folder)


@pytest.mark.parametrize("source", ["buy {NOWHERE}", "!!! now", "word? other?"])
def test_a_pattern_that_can_not_work_is_refused(source):
    with pytest.raises(PatternError):
        compile_pattern(source, {}, frozenset())


def test_a_gap_does_not_cross_the_end_of_a_sentence():
    assert evaluate("I know it is you who will. Kill the lights, you two!").findings == ()


@pytest.mark.parametrize("word", ["Scunthorpe", "assassin", "cockpit", "computer", "disputes", "putative", "therapist"])
def test_no_rule_looks_inside_a_word(word):
    assert evaluate(f"We talked about {word} all evening and you were so kind.").findings == ()
