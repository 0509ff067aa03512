"""The statement of reasons (DSA art. 17): one code for the sender's page and for what moderators preview."""

from pathlib import Path
from typing import Final

from markupsafe import Markup

from shared.events.values import Language
from shared.seals.contents import Statement
from shared.web.templates import environment
from shared.web.texts import in_every_language

HERE: Final = Path(__file__).parent

_TEXTS: Final = in_every_language(HERE / "texts")
_page: Final = environment(HERE / "templates").get_template("statement.html")


def redress(language: Language) -> str:
    """What a sender can do against a decision of moderation."""
    words: str = _TEXTS[language].redress
    return words


def sender_limit(language: Language) -> Statement:
    """The sender's address had confirmed as many leaks that day as one address may: no rule of moderation's."""
    words = vars(_TEXTS[language].sender_limit)
    return Statement(policy="sender_limit", language=language, automated=True, **words)


def statement_html(statement: Statement, language: Language) -> Markup:
    """The statement for a page in `language`: a part of a page, byte for byte the same wherever it stands."""
    page = _page.render(t=_TEXTS[language], statement=statement)
    return Markup(page)  # noqa: S704 -- our own template, which escapes what it is given
