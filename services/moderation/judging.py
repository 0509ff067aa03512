"""Opens messages and has the rules judge them. While the rules don't answer, leaks wait: none is approved unread."""

from collections.abc import Callable, Sequence
from typing import Final

from services.moderation.policy.verdict import Outcome, Verdict
from shared.events.leaks import LeakConfirmed, Letter
from shared.runtime import logs
from shared.runtime.errors import Transient
from shared.unsealing import Opener

Evaluate = Callable[[str], Verdict]

log = logs.get("moderation.judging")

# Two messages that every set of rules can answer: if these fail, the rules are broken, not the leak.
_PROBES: Final = ("Thank you for yesterday.", "Merci pour hier.")
UNREAD: Final = "unread"


class Judge:
    """One verdict a leak."""

    def __init__(self, opener: Opener, evaluate: Evaluate) -> None:
        self._opener = opener
        self._evaluate = evaluate

    def judge(self, events: Sequence[LeakConfirmed]) -> list[Verdict]:
        """A verdict for each. Transient while the rules don't work, SealBroken for what isn't sealed to us."""
        return [self._verdict(event) for event in events]

    def message(self, letter: Letter) -> str:
        """The words of a leak."""
        return self._opener.open("message", letter.leak_id, letter.message).decode(errors="replace")

    def details(self, token_digest: str, sealed: str) -> str:
        """The words of a report."""
        return self._opener.open("report", token_digest, sealed).decode(errors="replace")

    async def check(self) -> None:
        """Raise while the rules don't work."""
        self._probe()

    def _verdict(self, event: LeakConfirmed) -> Verdict:
        message = self.message(event)
        try:
            return self._evaluate(message)
        except Exception as error:  # noqa: BLE001 -- whatever the rules raise, the leak is not approved
            self._probe()
            log.warning("a message that the rules can't judge", leak_id=event.leak_id, error=error)
            # One message that the rules stumble over must not stop all others: a person reads it.
            return Verdict(Outcome.HOLD, None, (), UNREAD, "und")

    def _probe(self) -> None:
        try:
            for text in _PROBES:
                self._evaluate(text)
        except Exception as error:
            raise Transient("the rules don't answer") from error
