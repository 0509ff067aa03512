"""The sign-ins that only the local stack has: two people for each console, with passwords made for this checkout."""

import asyncio
import json

from local.failures import Failure
from local.layout import CHECKOUT
from local.programs import PYTHON, Stack, service_environment
from local.servers import Servers
from shared.console import passwords

# An audit order takes two people, and a moderator's decision can be looked at by another.
PEOPLE = {
    "moderation": ("moderator", ("mod-a", "mod-b")),
    "audit": ("auditor", ("auditor-a", "auditor-b")),
}
SignIns = dict[str, dict[str, str]]


async def make(stack: Stack, servers: Servers) -> SignIns:
    """Console -> name -> password; made the first time, and kept with the data."""
    done = stack.paths.sign_ins
    if done.exists():
        return _read(stack)
    # Passwords first: an interrupted start would otherwise leave accounts that nobody can use.
    part = done.with_suffix(".part")
    if not part.exists():
        made = {console: {name: passwords.generate() for name in names} for console, (_, names) in PEOPLE.items()}
        part.touch(mode=0o600)
        part.write_text(json.dumps(made, indent=2))
    sign_ins: SignIns = json.loads(part.read_text())
    people = [(console, name, password) for console, each in sign_ins.items() for name, password in each.items()]
    await asyncio.gather(*(_add(stack, servers, *person) for person in people))
    part.rename(done)
    return sign_ins


def _read(stack: Stack) -> SignIns:
    sign_ins: SignIns = json.loads(stack.paths.sign_ins.read_text())
    return sign_ins


async def _add(stack: Stack, servers: Servers, console: str, name: str, password: str) -> None:
    role, _ = PEOPLE[console]
    command = [PYTHON, "-m", f"services.{console}.accounts"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("add", name, "--role", role, "--if-absent", "--password-stdin"),
        env=service_environment(stack, servers, console),
        cwd=CHECKOUT,
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, refused = await process.communicate(f"{password}\n".encode())
    if process.returncode != 0:
        raise Failure(f"the demo account {name} could not be made: {refused.decode().strip()}")
