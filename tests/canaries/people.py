"""People with marks: each has addresses, words and a browser of its own, so that a trace names its source."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

from services.gateway.accept import content_digest
from tests.canaries.scanner import ADDRESSES, Mark

Fate = Literal[
    "delivered",
    "blocked",
    "reported",
    "rejected",
    "held",
    "approved by hand",
    "rejected by hand",
    "escalated",
    "cancelled",
    "unconfirmed",
    "expired",
    "stopped",
    "bounced",
]
FATES: tuple[Fate, ...] = (
    "delivered",
    "rejected",
    "held",
    "blocked",
    "cancelled",
    "reported",
    "expired",
    "approved by hand",
    "bounced",
    "stopped",
    "delivered",
    "rejected by hand",
    "unconfirmed",
    "reported",
    "escalated",
    "blocked",
    "delivered",
    "rejected",
    "cancelled",
    "approved by hand",
)
"""As they come, again and again."""
HELD_FATES = frozenset({"held", "approved by hand", "rejected by hand", "escalated"})
_NETWORKS = count(secrets.randbelow(90))
WORDS = {
    "rejected": "Pay me 500 euros in bitcoin or I publish your photos.",
    **dict.fromkeys(HELD_FATES, "I would love to hear your voice. Will you call me on 06 12 34 56 78?"),
}
# A text with these is kept in two and in four bytes a character.
GREETINGS = ("", " À bientôt, cœur.", " 🙂")
KIND_WORDS = "You stayed late on Tuesday so that I could go home. You made my week."
TRUSTED_PROXY = "127.0.0.9"


@dataclass
class Canary:
    """One sender, one recipient, one message; what the system gave back is added while it lives."""

    number: int
    fate: Fate
    address: str
    """The true one: where the connection comes from, or what the trusted proxy says."""
    port: int
    claimed: str
    """What the sender's headers pretend."""
    sender: str
    recipient: str
    word: str
    details: str
    agent: str
    leak_id: str = ""
    receipt: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return f"{WORDS.get(self.fate, KIND_WORDS)} {self.word}{GREETINGS[self.number % len(GREETINGS)]}"

    def leak(self) -> dict[str, str | bool]:
        """What its sender's program sends."""
        return {
            "sender": self.sender,
            "recipient": self.recipient,
            "message": self.message,
            "relation": "friend",
            "kind": "thanks",
            "language": "en",
            "consent": True,
        }

    @property
    def by_proxy(self) -> bool:
        """Only ::1 exists on this machine, so an IPv6 client comes through a proxy that the gateway trusts."""
        return ":" in self.address

    def headers(self) -> dict[str, str]:
        """What the sender's program sends along: a forged origin, or the proxy's true word to the right of one."""
        node = f"[{self.address}]:{self.port}" if self.by_proxy else self.claimed
        return {
            "user-agent": self.agent,
            "x-forwarded-for": f"{self.claimed}, {node}" if self.by_proxy else self.claimed,
            "forwarded": f"for={self.claimed}",
            "x-real-ip": self.claimed,
            "client-ip": self.claimed,
            "cf-connecting-ip": self.claimed,
            "true-client-ip": self.claimed,
            "via": f"1.1 {self.claimed}",
            "cookie": f"who={self.word}",
            "referer": f"http://{self.claimed}/{self.word}",
            "traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
            "x-request-id": self.word,
        }


def people(number_of: int, fates: Sequence[Fate] = FATES) -> list[Canary]:
    """So many, half of them behind IPv6, with the fates in turn; each run has marks that no other run had."""
    run, network = secrets.token_hex(3), next(_NETWORKS) % 90 + 110
    net6, net4 = f"2001:db8:{secrets.randbelow(0xEFFF) + 0x1000:x}", f"127.{network}.1"
    # Reserved, and nobody's (RFC 1112).
    claimed = f"243.{network}.2"
    # A zero at the front of a group would give an address two spellings.
    group = "{:x}".format

    def one(number: int) -> Canary:
        fate, tail = fates[number % len(fates)], f"{number:03d}{secrets.token_hex(4)}"
        octets = f"{number // 150 + 10}.{number % 150 + 100}"
        true = f"{net6}:{group(0x1000 + number)}::{group(0x2000 + number)}" if number % 2 else f"{net4}{octets}"
        local = f"refuse-550.zqto{run}{tail}" if fate == "bounced" else f"zqto{run}recipient{tail}"
        return Canary(
            number,
            fate,
            true,
            20_000 + number,
            f"{claimed}{octets}",
            f"zqfr{run}sender{tail}@from{run}.example.org",
            f"{local}@to{run}.example.net",
            f"zqwd{run}word{tail}",
            f"It names my street. zqdt{run}detail{tail}",
            f"Mozilla/5.0 zqag{run}agent{tail}",
        )

    return [one(number) for number in range(number_of)]


def marks(canaries: list[Canary]) -> list[Mark]:
    """Everything of theirs that may be seen almost nowhere."""
    first = canaries[0]
    found = [
        Mark(f"{who} domain", address.partition("@")[2])
        for who, address in (("sender", first.sender), ("recipient", first.recipient))
    ]
    # What every seal begins with: sealed or not, a record is nothing for a log, a metric or a mail.
    found.append(Mark("seal", "lk1.eyJzdWl0ZSI6", bare=True))
    for one in canaries:
        told = zip(ADDRESSES, (one.address, one.claimed), strict=True)
        found += [
            Mark(kind, text, one.number)
            for kind, text in (
                *told,
                ("sender", one.sender),
                ("recipient", one.recipient),
                ("agent", one.agent.split()[1]),
            )
        ]
        found += [
            Mark("message", one.word, one.number, (one.message,)),
            Mark("details", one.details.split()[-1], one.number, (one.details,)),
        ]
        digest = content_digest(one.message, one.recipient)
        words = [("content digest", digest), ("receipt", one.receipt), ("leak id", one.leak_id)]
        # The secret part alone lets somebody act; events carry what comes before it.
        words += [("token", token.rpartition(".")[2]) for token in one.tokens.values()]
        found += [Mark(kind, text, one.number, random=True) for kind, text in words if text]
    return found
