"""The names moderators know things by: new in each case, so that nobody can follow a person from one to another."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.moderation.domain import Case, FirstDecision, case_of
from shared.digests import keyed_digest
from shared.events.leaks import LeakConfirmed
from shared.seals.keys import KeySource

ID_HEX: Final = 32
NAME_HEX: Final = 6
# What is twice as severe waits half as long. 4: a life or a child may be in danger.
SEVERITY: Final[Mapping[str, int]] = {
    "minors": 4,
    "self-harm-disclosure": 4,
    "threat": 4,
    "self-harm-encouragement": 3,
    "extortion": 3,
    "hate": 3,
    "sexual-harassment": 3,
    "harassment": 2,
    "personal-data": 2,
    "scam": 2,
    "spam": 1,
}
# A leak without a policy is one that the rules could not judge: urgent enough not to be forgotten.
SEVERITY_UNKNOWN: Final = 2


class Names:
    """Keyed: without the key, nobody can tell which leak or whose recipient a name stands for.

    The key is the one of the time when the name was made, so that a rotation renames nothing.
    """

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys

    def case(self, outcome: FirstDecision, event: LeakConfirmed) -> Case:
        """The case of a leak that was held or rejected, under its own name and with its policy's severity."""
        severity = SEVERITY.get(outcome.policy or "", SEVERITY_UNKNOWN)
        return case_of(outcome, event, self._digest("case", event.leak_id, outcome.decided_at)[:ID_HEX], severity)

    def report_id(self, leak_id: str, at: datetime) -> str:
        """The name of the report of a leak, made at a time."""
        return self._digest("report", leak_id, at)[:ID_HEX]

    def recipient(self, case: Case) -> str:
        """The recipient, within one case."""
        whom = f"{case.case_id} {case.recipient_pseudonyms[0]}"
        return self._digest("recipient in a case", whom, case.opened_at)[:NAME_HEX]

    def _digest(self, label: str, value: str, at: datetime) -> str:
        return keyed_digest(self._keys().at(at).material, label, value)
