"""The policies themselves: their names, words for moderators and senders, legal category and default outcome."""

import tomllib
from dataclasses import dataclass
from typing import Final, TypedDict

from services.moderation.policy.language import RULES
from services.moderation.policy.verdict import Outcome


class Words(TypedDict):
    """One text in both languages."""

    en: str
    fr: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy: `senders` is a whole sentence for the statement of reasons, `order` decides between equal findings."""

    id: str
    order: int
    default: Outcome
    dsa: str
    title: Words
    moderators: Words
    senders: Words


def _load() -> tuple[Policy, ...]:
    document = tomllib.loads((RULES / "policies.toml").read_text("utf-8"))
    policies = (Policy(**{**entry, "default": Outcome(entry["default"])}) for entry in document["policy"])
    return tuple(sorted(policies, key=lambda policy: policy.order))


POLICIES: Final = _load()
ORDER: Final = {policy.id: policy.order for policy in POLICIES}


def catalogue() -> tuple[Policy, ...]:
    """Every policy, the gravest first."""
    return POLICIES
