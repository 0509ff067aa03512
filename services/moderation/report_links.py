"""The link by which a recipient reports a letter: made when it is approved, opened when it is used."""

from datetime import datetime

from shared.events.recipients import SealedTokenUsed
from shared.events.values import SealedText
from shared.seals import purposes
from shared.seals.contents import ReportLink
from shared.seals.keys import KeySource
from shared.seals.sealing import Sealer
from shared.seals.tokens import ReportedLeak, report_tokens


class ReportLinks:
    """The token carries the leak's id under our own key: nothing is stored for links that nobody uses."""

    def __init__(self, keys: KeySource, sealer: Sealer) -> None:
        self._tokens = report_tokens(keys)
        self._sealer = sealer

    def sealed(self, leak_id: str, at: datetime) -> SealedText:
        """For the letter alone; a repeat with the same time seals the same token."""
        token = self._tokens.make(ReportedLeak(leak_id), at)
        return self._sealer.seal(purposes.REPORT_LINK, leak_id, ReportLink(token=token))

    def leak_of(self, used: SealedTokenUsed) -> str:
        """Which leak a used token is about. Raises SealBroken for one that we never made."""
        return self._tokens.open(used.sealed_token, used.token_digest).leak_id
