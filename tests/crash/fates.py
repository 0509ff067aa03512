"""The leaks of a run, each with a fate that is known before it is sent."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
from shared.events.event import LeakEvent
from shared.events.leaks import LeakSubmitted, LeakWithdrawn

Act = Literal["confirm", "stop", "withdraw", "approve", "escalate", "recall", "block", "report"]

KIND = "You stayed late on Tuesday so that I could go home. You made my week."
CRUEL = "Pay me 500 euros in bitcoin or I publish your photos."
DOUBTFUL = "I would love to hear your voice. Will you call me on 06 12 34 56 78?"


@dataclass(frozen=True)
class Fate:
    """What people do with a leak, what its sender must see in the end, which event ends it, how many letters arrive."""

    message: str
    acts: tuple[Act, ...]
    state: str
    ends: type[LeakEvent]
    letters: int = 0
    cut_off: type[LeakEvent] | None = None
    """The other event that may end it, when an attempt was cut off: what may have arrived counts as delivered."""
    mailbox: str = "recipient"
    """Begins the recipient's address; the sink refuses some on purpose."""

    @property
    def endings(self) -> tuple[str, ...]:
        """The topics of the events that may end it."""
        return tuple(event.TOPIC for event in (self.ends, self.cut_off) if event is not None)


FATES = {
    "kind": Fate(KIND, ("confirm",), "closed", LeakDelivered, letters=1),
    "refused": Fate(CRUEL, ("confirm",), "refused", LeakDecided),
    "held": Fate(DOUBTFUL, ("confirm",), "in_review", LeakDecided),
    "pardoned": Fate(DOUBTFUL, ("confirm", "approve"), "closed", LeakDelivered, letters=1),
    "escalated": Fate(DOUBTFUL, ("confirm", "escalate"), "in_review", ThreatEscalated),
    "unconfirmed": Fate(KIND, (), "awaiting_confirmation", LeakSubmitted),
    "withdrawn": Fate(KIND, ("withdraw",), "cancelled", LeakWithdrawn),
    "recalled": Fate(DOUBTFUL, ("confirm", "recall"), "cancelled", LeakDecided),
    "stopped": Fate(KIND, ("stop",), "awaiting_confirmation", LeakWithdrawn),
    "blocking": Fate(KIND, ("confirm", "block"), "closed", LeakDelivered, letters=1),
    "unwanted": Fate(KIND, ("confirm",), "closed", LeakSuppressed, cut_off=LeakDelivered),
    "reporting": Fate(KIND, ("confirm", "report"), "closed", LeakDelivered, letters=1),
    "bounced": Fate(KIND, ("confirm",), "closed", LeakBounced, cut_off=LeakDelivered, mailbox="refuse-550"),
    "late": Fate(KIND, ("confirm",), "closed", LeakDelivered, letters=1, mailbox="later-451-1"),
}

SHARES = {
    "kind": 15,
    "refused": 4,
    "held": 2,
    "pardoned": 3,
    "escalated": 1,
    "unconfirmed": 3,
    "withdrawn": 3,
    "recalled": 2,
    "stopped": 2,
    "blocking": 1,
    "unwanted": 1,
    "reporting": 1,
    "bounced": 1,
    "late": 1,
}
"""Of forty."""


@dataclass
class Leak:
    """One leak and what its sender and its recipient know of it."""

    fate: str
    mark: str
    sender: str
    recipient: str
    language: str
    key: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(16)}")
    earlier: "Leak | None" = None
    """The leak to the same recipient that was answered with a block."""
    leak_id: str = ""
    receipt: str = ""
    clicked: bool = False
    done: set[str] = field(default_factory=set)
    status: dict[str, Any] = field(default_factory=dict)
    stuck: str = ""

    @property
    def plan(self) -> Fate:
        """What is to become of it."""
        return FATES[self.fate]

    def body(self) -> dict[str, object]:
        """As its sender sends it."""
        return {
            "recipient": self.recipient,
            "sender": self.sender,
            "message": f"{self.plan.message} ({self.mark})",
            "relation": "coworker",
            "kind": "thanks",
            "language": self.language,
            "consent": True,
        }


def leaks(forties: int = 1, shares: dict[str, int] | None = None) -> list[Leak]:
    """New leaks of all fates, mixed evenly, so that each fate is met early and late in the run."""
    counts = {fate: share * forties for fate, share in (shares or SHARES).items()}
    made: list[Leak] = []
    for turn in range(max(counts.values())):
        for fate, count in counts.items():
            if turn < count:
                made.append(_leak(fate, made, len(made)))
    return made


def _leak(fate: str, before: list[Leak], number: int) -> Leak:
    mark = "".join(_syllables())
    recipient = f"{FATES[fate].mailbox}.{mark}@d{number % 20}.example"
    leak = Leak(fate, mark, f"sender.{mark}@example.org", recipient, language="fr" if number % 2 else "en")
    if fate == "unwanted":
        taken = {id(one.earlier) for one in before}
        leak.earlier = next(one for one in before if one.fate == "blocking" and id(one) not in taken)
        leak.recipient = leak.earlier.recipient
    return leak


def _syllables() -> Iterator[str]:
    # Letters alone: digits would be read as a telephone number by the rules.
    for _ in range(5):
        yield secrets.choice("dflmnrtv") + secrets.choice("aeiou")
