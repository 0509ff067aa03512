"""What two addresses give away before anything is sent: told to the sender alone, it keeps nobody from sending."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from services.gateway.acts import Draft

_FILE: Final = Path(__file__).parent / "mailbox_providers.toml"


@dataclass(frozen=True)
class Hints:
    """What a sender may want to look at again; a domain, or nothing."""

    to_oneself: bool
    shared_domain: str | None
    meant_for_recipient: str | None
    meant_for_sender: str | None


def hints(draft: Draft) -> Hints:
    """What is worth a second look in a draft whose addresses are addresses."""
    sender, recipient = draft.sender.lower(), draft.recipient.lower()
    to_oneself = sender == recipient
    ours, theirs = _domain(sender), _domain(recipient)
    # At a public provider strangers share a domain; anywhere else whoever runs it sees both mails.
    employer = ours == theirs and ours not in _providers() and not to_oneself
    return Hints(to_oneself, theirs if employer else None, meant(theirs), meant(ours))


def meant(domain: str) -> str | None:
    """The provider's domain for which this one is a slip of the fingers; None when it seems to be what it should."""
    if domain in _providers():
        return None
    slips: dict[str, str] = _data()["slips"]
    return slips.get(domain) or next((right for right in _often_mistyped() if _one_slip(domain, right)), None)


def _one_slip(typed: str, right: str) -> bool:
    """Whether one letter was added, left out, changed, or swapped with the next."""
    start = next((place for place, pair in enumerate(zip(typed, right, strict=False)) if pair[0] != pair[1]), None)
    if start is None:
        return abs(len(typed) - len(right)) == 1
    one, other = typed[start:], right[start:]
    swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return swapped or one[1:] == other or one == other[1:] or one[1:] == other[1:]


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@cache
def _providers() -> frozenset[str]:
    return frozenset(_spelled(_data()["domains"]))


@cache
def _often_mistyped() -> tuple[str, ...]:
    return tuple(_spelled(_data()["domains"], _data()["often_mistyped"]))


def _spelled(domains: dict[str, list[str]], names: list[str] | None = None) -> Iterator[str]:
    return (f"{name}.{end}" for name in names or domains for end in domains[name])
