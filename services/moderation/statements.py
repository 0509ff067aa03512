"""Statements of reasons (DSA art. 17): what, why, by whom, and what the sender can do; sealed to the receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.moderation.policy.catalogue import Policy
from shared.console.texts import LANGUAGES, Texts
from shared.events.values import Language, PublicKey, SealedToReceiptText
from shared.seals.contents import Note, Statement
from shared.seals.receipt import seal_note

TEXTS = Path(__file__).parent / "pages" / "texts"


@dataclass(frozen=True)
class Recipe:
    """What a statement is made of."""

    leak_id: str
    receipt_key: str
    language: Language
    policy: str
    reasons: str
    automated: bool


class Statements:
    """Words from the catalogue, in the mail's language: the sender's own is unknown, but chose that one."""

    def __init__(self, policies: Mapping[str, Policy]) -> None:
        self._policies = policies
        self._texts = {language: Texts(language, [TEXTS]) for language in LANGUAGES}

    def prefilled(self, policy: str, language: Language) -> str:
        """What we say of this policy unless a moderator says it better."""
        return self._policies[policy].senders[language]

    def redress(self, language: Language) -> str:
        """What a sender can do against it."""
        return self._texts[language]("statement.redress")

    def sealed(self, recipe: Recipe) -> SealedToReceiptText:
        """To be opened with the receipt alone. ValueError when the reasons are too long to seal."""
        statement = Statement(
            policy=recipe.policy,
            title=self._policies[recipe.policy].title[recipe.language],
            reasons=recipe.reasons,
            redress=self.redress(recipe.language),
            language=recipe.language,
            automated=recipe.automated,
        )
        return seal_note(recipe.receipt_key, recipe.leak_id, Note(statement=statement))


def empty_note(receipt_key: PublicKey, leak_id: str) -> SealedToReceiptText:
    """A note without words, as long as any other."""
    return seal_note(receipt_key, leak_id, Note())
