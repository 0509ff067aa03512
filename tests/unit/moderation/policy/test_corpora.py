"""The rules on messages written for them: kind ones pass, abusive ones are found under their policy."""

import pytest

from services.moderation.policy import Outcome, catalogue, evaluate
from tests.unit.moderation.policy import corpora

LANGUAGES = ["en", "fr"]
POLICIES = [policy.id for policy in catalogue()]
# Shares that the rules reach on their own corpora; a change that costs more than this has to be looked at.
FALSE_HOLDS = 0.01
FOUND = 0.95


@pytest.mark.parametrize("language", LANGUAGES)
def test_kind_messages_are_approved(language):
    stopped = [text for text in corpora.benign(language) if evaluate(text).outcome is not Outcome.APPROVE]
    assert len(stopped) <= FALSE_HOLDS * len(corpora.benign(language)), stopped


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_kind_message_is_rejected(language):
    assert [text for text in corpora.benign(language) if evaluate(text).outcome is Outcome.REJECT] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_of_a_letter_is_guessed(language):
    wrong = [text for text in corpora.benign(language) if evaluate(text).language not in {language, "und"}]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("policy", POLICIES)
def test_abuse_is_found_under_its_policy(policy, language):
    texts = [text for name, text in corpora.abusive(language) if name == policy]
    missed = [text for text in texts if policy not in {finding.policy for finding in evaluate(text).findings}]
    assert len(texts) >= 12
    assert len(missed) <= (1 - FOUND) * len(texts), missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_distress_is_never_rejected_and_keeps_its_own_policy(language):
    for policy, text in corpora.abusive(language):
        if policy == "self-harm-disclosure":
            verdict = evaluate(text)
            assert (verdict.outcome, verdict.policy) == (Outcome.HOLD, policy), text


def test_distress_decides_even_beside_a_threat():
    verdict = evaluate("I want to kill myself and I will kill you too")
    assert (verdict.outcome, verdict.policy) == (Outcome.HOLD, "self-harm-disclosure")
    assert "threat" in {finding.policy for finding in verdict.findings}


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("You are only 13 but you look so sexy", "minors"),
        ("I am going to kill you.", "threat"),
        ("Pay me 500 euros or I send your photos to your wife.", "extortion"),
        ("Paie-moi 500 euros ou j'envoie tes photos à ta femme.", "extortion"),
        ("Suicide-toi", "self-harm-encouragement"),
        ("mort aux juifs", "hate"),
    ],
)
def test_the_plainest_abuse_is_rejected_without_a_person(text, policy):
    verdict = evaluate(text)
    assert (verdict.outcome, verdict.policy) == (Outcome.REJECT, policy)


@pytest.mark.parametrize(
    "text",
    ["I will show the photos to your wife. You have 24 hours.", "Pay 500 euros before Friday or you will regret it"],
)
def test_two_of_the_three_signs_of_blackmail_go_to_a_person(text):
    assert evaluate(text).outcome is Outcome.HOLD
