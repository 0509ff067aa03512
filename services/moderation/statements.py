"""Statements of reasons (DSA art. 17): what, why, by whom, and what the sender can do; sealed to the receipt."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.moderation.policy.catalogue import Policy
from shared.console.texts import LANGUAGES, Texts
from shared.events.values import Language
from shared.sealing import seal_to_receipt

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

    def parts(self, policy: str, reasons: str, language: Language, *, automated: bool) -> dict[str, object]:
        """What the sender will read."""
        return {
            "policy": policy,
            "title": self._policies[policy].title[language],
            "statement": reasons,
            "automated": automated,
            "redress": self.redress(language),
            "language": language,
        }

    def redress(self, language: Language) -> str:
        """What a sender can do against it."""
        return self._texts[language]("statement.redress")

    def sealed(self, recipe: Recipe) -> str:
        """To be opened with the receipt alone."""
        parts = self.parts(recipe.policy, recipe.reasons, recipe.language, automated=recipe.automated)
        return seal_to_receipt(recipe.receipt_key, recipe.leak_id, json.dumps(parts, ensure_ascii=False).encode())
