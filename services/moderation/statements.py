"""Statements of reasons (DSA art. 17): what, why, by whom, and what the sender can do; sealed to the receipt."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.moderation.policy.catalogue import Policy
from shared.events.values import Language, PublicKey, SealedToReceiptText
from shared.seals.contents import Note, Statement
from shared.seals.receipt import seal_note
from shared.statement import redress


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

    def prefilled(self, policy: str, language: Language) -> str:
        """What we say of this policy unless a moderator says it better."""
        return self._policies[policy].senders[language]

    def statement(self, policy: str, reasons: str, language: Language, *, automated: bool) -> Statement:
        """What the sender will read. A policy that isn't chosen yet has no title."""
        title = self._policies[policy].title[language] if policy in self._policies else ""
        return Statement(
            policy=policy,
            title=title,
            reasons=reasons,
            redress=redress(language),
            language=language,
            automated=automated,
        )

    def sealed(self, recipe: Recipe) -> SealedToReceiptText:
        """To be opened with the receipt alone. ValueError when the reasons are too long to seal."""
        statement = self.statement(recipe.policy, recipe.reasons, recipe.language, automated=recipe.automated)
        return seal_note(recipe.receipt_key, recipe.leak_id, Note(statement=statement))


def empty_note(receipt_key: PublicKey, leak_id: str) -> SealedToReceiptText:
    """A note without words, as long as any other."""
    return seal_note(receipt_key, leak_id, Note())
