"""Each policy has words for moderators and senders in both languages."""

from services.moderation.policy import Outcome, catalogue


def test_the_gravest_policy_comes_first_and_none_twice():
    policies = catalogue()
    assert [policy.order for policy in policies] == list(range(1, len(policies) + 1))
    assert len({policy.id for policy in policies}) == len(policies)


def test_every_policy_has_its_words_in_both_languages():
    for policy in catalogue():
        for words in (policy.title, policy.moderators, policy.senders):
            assert set(words) == {"en", "fr"}
            assert all(words.values())
        assert policy.senders["en"].endswith(".")
        assert policy.senders["fr"].endswith(".")


def test_every_policy_names_a_category_of_the_transparency_database():
    assert all(policy.dsa.startswith("STATEMENT_CATEGORY_") for policy in catalogue())


def test_distress_is_no_offence_and_names_a_helpline():
    distress = next(policy for policy in catalogue() if policy.id == "self-harm-disclosure")
    assert distress.default is Outcome.HOLD
    assert "116 123" in distress.senders["en"]
    assert "3114" in distress.senders["fr"]
