"""Recipients that are refused on purpose; the local part says how.

- refuse-550@...: every RCPT is answered 550 5.1.1 (any 4xx or 5xx: the code as written).
- refuse-data-554@...: every mail is answered 554 at the end of its data.
- later-451-2@...: the first two RCPT are answered 451, the next ones are taken.
- later-451-2.anna@...: the same; what follows the dot tells recipients apart, each is counted by itself.
"""

import re
from collections import Counter

_REFUSE = re.compile(r"refuse-([45]\d\d)(\..*)?")
_REFUSE_DATA = re.compile(r"refuse-data-([45]\d\d)(\..*)?")
_LATER = re.compile(r"later-(4\d\d)-(\d+)(\..*)?")


class Refusals:
    """Remembers how often a recipient was put off."""

    def __init__(self) -> None:
        self._put_off: Counter[str] = Counter()

    def at_recipient(self, address: str) -> str | None:
        """The answer to RCPT; None to take it."""
        local = address.rpartition("@")[0].lower()
        if found := _REFUSE.fullmatch(local):
            return _answer(found[1])
        if (found := _LATER.fullmatch(local)) and self._put_off[local] < int(found[2]):
            self._put_off[local] += 1
            return _answer(found[1])
        return None

    def at_data(self, address: str) -> str | None:
        """The answer at the end of the data; None to take it."""
        found = _REFUSE_DATA.fullmatch(address.rpartition("@")[0].lower())
        return f"{found[1]} {found[1][0]}.7.1 refused on purpose" if found else None


def _answer(code: str) -> str:
    return f"{code} {'5.1.1' if code == '550' else f'{code[0]}.2.0'} refused on purpose"
