"""What a running stack tells about itself: a table for people, `.leak/endpoints.json` for programs."""

import json
from typing import Any

from local.demo_accounts import SignIns
from local.failures import Failure
from local.layout import Paths
from local.programs import Stack
from shared.events.topics import PROCESSES

PAGES = {
    "gateway": "write a leak",
    "mailbox": "read the mail that arrives",
    "moderation console": "decide held leaks",
    "audit console": "open an origin, two people together",
}


def write(stack: Stack, sign_ins: SignIns) -> None:
    """Say where everything is; for the owner's eyes, since passwords are in it."""
    facts = {
        "base": stack.base,
        **{name.replace(" ", "_"): stack.url(name) for name in PAGES},
        "health": {process: stack.url(f"{process} health") for process in PROCESSES},
        "ports": stack.ports,
        "sign_ins": sign_ins,
    }
    stack.paths.endpoints.touch(mode=0o600)
    stack.paths.endpoints.write_text(json.dumps(facts, indent=2) + "\n")


def read(paths: Paths) -> dict[str, Any]:
    """Of the running stack; raises Failure when none runs."""
    try:
        facts: dict[str, Any] = json.loads(paths.endpoints.read_text())
    except FileNotFoundError:
        raise Failure("nothing runs here: start it with ./leak up, and wait until it says ready") from None
    return facts


def table(stack: Stack, sign_ins: SignIns) -> str:
    """Addresses and sign-ins, for people."""
    lines = [f"  {name:20}{stack.url(name):26}{what}" for name, what in PAGES.items()]
    for console, people in sign_ins.items():
        lines += [f"  {console + ' sign-in':20}{name:26}{password}" for name, password in people.items()]
    return "\n".join(lines)
