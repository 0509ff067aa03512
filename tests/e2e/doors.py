"""The doors of a running system: where people go, what they sign in with, and its administrators' logins."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from local.programs import Stack
from local.servers import servers
from local.stack import RealParts
from tests.support.system import System

PATIENCE_S = 60
POLL_S = 0.1

Found = TypeVar("Found")


@dataclass(frozen=True)
class Doors:
    """`system.endpoints()`, by name; `parts` is for looking into every topic and store, which nobody else may."""

    endpoints: dict[str, Any]
    parts: RealParts

    @classmethod
    def of(cls, system: System) -> "Doors":
        """Of a system that is ready."""
        return cls(system.endpoints(), RealParts(Stack(system.home, system.base), servers(system.home, system.base)))

    @property
    def gateway(self) -> str:
        return str(self.endpoints["gateway"])

    @property
    def mailbox(self) -> str:
        return str(self.endpoints["mailbox"])

    def console(self, name: str) -> str:
        """The address of the moderation or the audit console."""
        return str(self.endpoints[f"{name}_console"])

    def password(self, console: str, name: str) -> str:
        """A demo sign-in's."""
        return str(self.endpoints["sign_ins"][console][name])


def found(ask: Callable[[], Found | None], what: str) -> Found:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(POLL_S)
    return answer
