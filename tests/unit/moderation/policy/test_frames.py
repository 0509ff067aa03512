"""Victims, witnesses, quotations and banter are read by a person, never rejected by the machine."""

import pytest

from services.moderation.policy import Outcome, evaluate


@pytest.mark.parametrize(
    "text",
    [
        "He told me 'I will kill you' and nobody at work believes me.",
        "My ex wrote: I am going to kill you. What should I do?",
        "The graffiti says 'kill all the Jews' and the school does nothing.",
        "She was called a dirty paki on the bus.",
        "My boss threatened me: pay me 500 euros or I send your photos to your wife.",
        "When I was 12 my uncle said I was only 12 but so sexy.",
        "I keep getting messages that say kill yourself.",
        "Il m'a dit « je vais te tuer » et personne ne me croit.",
        "Mon ex m'a écrit : je vais te tuer. Que faire ?",
        "On m'a traité de sale bougnoule dans le bus.",
        "J'ai reçu des messages qui disent suicide-toi.",
        "Mon chef m'a menacée : paie-moi 500 euros ou j'envoie tes photos à ton mari.",
        "Quand j'avais 12 ans il me disait que j'étais sexy pour mon âge.",
        "Je témoigne : ils ont crié mort aux juifs devant la synagogue.",
    ],
)
def test_what_others_said_is_never_rejected(text):
    assert evaluate(text).outcome is not Outcome.REJECT


@pytest.mark.parametrize("text", ["I'm going to kill you lol", "je vais te tuer mdr", "haha I will stab you"])
def test_banter_is_read_by_a_person(text):
    assert evaluate(text).outcome is Outcome.HOLD


@pytest.mark.parametrize(
    "text",
    ["I will kill you tomorrow after school", "Je vais te tuer demain à la sortie", "I'm bringing a gun to school"],
)
def test_danger_to_a_life_goes_to_a_person_who_can_escalate_it(text):
    verdict = evaluate(text)
    assert (verdict.outcome, verdict.policy) == (Outcome.HOLD, "threat")


def test_a_grandmother_with_a_surprise_is_read_by_a_person():
    verdict = evaluate("You are 12 today! Don't tell your mum, it's a surprise. Love, Granny")
    assert verdict.outcome is Outcome.HOLD
