"""Services with one scrubber or seal switched off: `python -m tests.canaries.mutants SERVICE FAULT,FAULT...`.

Planted from outside, in this process alone; no service knows of it. Each fault says where the scan must find it.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import services.gateway.accept as gateway_accept
import services.gateway.application as gateway_application
import services.gateway.edge as gateway_edge
from shared.digests import to_base64url
from shared.runtime import logs
from shared.sealing import Sealer

log = logs.get("mutant")


@dataclass(frozen=True)
class Fault:
    """`where`, `kind`, `encoding` begin the hit that only this fault gives."""

    service: str
    plant: Callable[[], None]
    where: str
    kind: str
    encoding: str = ""


def _unsealed(purpose: str) -> Callable[[], None]:
    def plant() -> None:
        sealed = Sealer.seal

        def seal(self: Sealer, what: str, subject: str, plaintext: bytes) -> str:
            if what != purpose:
                return sealed(self, what, subject, plaintext)
            # In a seal's form, since the contract refuses anything else.
            return f"lk1.{to_base64url(plaintext)}.AA.AA"

        Sealer.seal = seal  # type: ignore[method-assign]

    return plant


def _told_at(module: Any, name: str, say: Callable[..., None]) -> None:
    """Have `say` see what a function is given, before it is."""
    original = getattr(module, name)

    def told(*given: Any, **named: Any) -> Any:
        say(*given, **named)
        return original(*given, **named)

    setattr(module, name, told)


def _a_line_with_the_address() -> None:
    _told_at(gateway_accept, "_origin", lambda caller, *_: log.warning("accepted", client=caller.address))


def _a_line_with_the_request() -> None:
    """What the code further in could see of a request, written down: nothing, as long as the edge strips it."""
    inner = gateway_application.WholeBodies

    class Telling(inner):  # type: ignore[misc,valid-type]
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            log.warning("asked", reason=f"{scope.get('client')} {scope.get('headers')} {scope}")
            await super().__call__(scope, receive, send)

    gateway_application.WholeBodies = Telling


def _an_edge_that_strips_nothing() -> None:
    _a_line_with_the_request()
    captured = gateway_edge.Edge._capture

    def capture(self: Any, scope: Any) -> Any:
        client, headers = scope["client"], list(scope["headers"])
        caller = captured(self, scope)
        scope["client"] = client
        scope["headers"][:] = headers
        return caller

    gateway_edge.Edge._capture = capture  # type: ignore[method-assign]


def _a_message_that_depends_on_the_sender() -> None:
    submitted = gateway_accept._submitted

    def told(keys: Any, receipt: Any, at: Any, before: Any, leak: Any) -> Any:
        # Invisible to a reader.
        invisible = "\u200b" * (len(leak.sender) % 7 + 1)
        return submitted(keys, receipt, at, before, leak.model_copy(update={"message": leak.message + invisible}))

    gateway_accept._submitted = told


FAULTS: Mapping[str, Fault] = {
    "origin in clear": Fault("gateway", _unsealed("origin"), "topic origin.captured", "address", "base64url"),
    "sender in clear": Fault("gateway", _unsealed("sender"), "topic leak.submitted", "sender", "base64url"),
    "recipient in clear": Fault("gateway", _unsealed("recipient"), "topic leak.submitted", "recipient", "base64url"),
    "message in clear": Fault("gateway", _unsealed("message"), "topic leak.submitted", "message", "base64url"),
    "challenge in clear": Fault("verifier", _unsealed("challenge"), "topic sender.challenged", "sender", "base64url"),
    "edge strips nothing": Fault("gateway", _an_edge_that_strips_nothing, "log", "agent", "plain"),
}
"""What the scan must find."""
HARMLESS: Mapping[str, Fault] = {
    "a line with the address": Fault("gateway", _a_line_with_the_address, "log", "address"),
    "a line with the request": Fault("gateway", _a_line_with_the_request, "log", "agent"),
}
"""The same careless lines with the scrubber on: nothing may be found."""
DIFFERENCES: Mapping[str, Callable[[], None]] = {
    "a trace of the sender in the message": _a_message_that_depends_on_the_sender,
}
"""What only a comparison of two runs can find."""


def main() -> None:
    """Plant, then run the service as its own main does."""
    name, wanted = sys.argv[1], sys.argv[2].split(",")
    for each in wanted:
        plants = {name: fault.plant for name, fault in (FAULTS | HARMLESS).items()} | DIFFERENCES
        plants[each]()
    importlib.import_module(f"services.{name}.main").main()


if __name__ == "__main__":
    main()
