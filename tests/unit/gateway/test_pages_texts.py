"""The words of the gateway's pages: a sentence for all that the contract can say."""

from services.gateway.page_routes import REASONS
from services.gateway.pages.render import TEXTS
from shared.letter import KINDS, RELATIONS, letter_words
from shared.web.languages import LANGUAGES
from tests.support.page_walk import STATES


def test_every_choice_of_the_contract_has_its_words() -> None:
    for language in LANGUAGES:
        named = TEXTS[language]
        assert set(vars(named.report.reasons)) == set(REASONS)
        assert set(vars(named.status.states)) == set(vars(named.status.meanings)) == set(STATES)
        assert set(vars(named.kinds)) == set(vars(named.form.touch)) == set(KINDS)
        assert set(vars(named.relations)) == set(RELATIONS)
        assert all(letter_words(relation, kind, language) for relation in RELATIONS for kind in KINDS)
