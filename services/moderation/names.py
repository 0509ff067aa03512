"""The names moderators know things by: new in each case, so that nobody can follow a person from one to another."""

from collections.abc import Mapping
from typing import Final

from services.moderation.domain import Case, Outcome, case_of
from shared.digests import keyed_digest
from shared.events.leaks import LeakConfirmed

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
    """Keyed: without the key, nobody can tell which leak or whose recipient a name stands for."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def case(self, outcome: Outcome, event: LeakConfirmed) -> Case:
        """The case of a leak that was held or rejected, under its own name and with its policy's severity."""
        severity = SEVERITY.get(outcome.policy or "", SEVERITY_UNKNOWN)
        return case_of(outcome, event, keyed_digest(self._key, "case", event.leak_id)[:ID_HEX], severity)

    def report_id(self, event_id: str) -> str:
        """The name of a report."""
        return keyed_digest(self._key, "report", event_id)[:ID_HEX]

    def recipient(self, recipient_pseudonym: str, case_id: str) -> str:
        """The recipient, within one case."""
        return keyed_digest(self._key, "recipient in a case", f"{case_id} {recipient_pseudonym}")[:NAME_HEX]
