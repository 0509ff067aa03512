"""The statement of reasons: whole in both languages, and nothing in it acts by itself."""

import pytest

from shared.events.values import Language
from shared.seals.contents import Statement
from shared.statement import redress, sender_limit, statement_html
from shared.web.languages import LANGUAGES

STATEMENT = Statement(
    policy="threat",
    title="Threats",
    reasons="It says <that>\nyou will come.",
    redress=redress("en"),
    language="en",
    automated=True,
)


def test_a_refusal_can_be_contested() -> None:
    assert "six months" in redress("en")
    assert "six mois" in redress("fr")


def test_the_senders_limit_is_told_in_the_language_asked_for() -> None:
    english, french = (sender_limit(language) for language in LANGUAGES)
    assert (english.policy, english.language, english.automated) == ("sender_limit", "en", True)
    assert "tomorrow" in english.redress
    assert "demain" in french.redress
    assert english.title != french.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_somebody_typed_is_escaped_and_says_its_own_language(language: Language) -> None:
    page = statement_html(STATEMENT, language)
    assert page.startswith(f'<div class="statement" lang="{language}">')
    assert '<dd class="statement-reasons" lang="en">It says &lt;that&gt;\nyou will come.</dd>' in page
