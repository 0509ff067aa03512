"""The command of each service with a console, `python -m services.<service>.accounts`: add, disable, reset, list."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TypeVar

from pymongo.errors import PyMongoError

from shared.console import passwords
from shared.console.account_log import Record
from shared.console.accounts import AccountRefused, Accounts
from shared.runtime.clock import utc_now
from shared.runtime.mongo import Database, connect
from shared.runtime.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)


def main(arguments: Sequence[str], settings: S, roles: Sequence[str], recorder: Callable[[S, Database], Record]) -> int:
    """0 when it is done, 1 when it is refused; says why in one line. `recorder` makes what keeps the changes."""
    asked = _parser(settings.SERVICE).parse_args(arguments)
    try:
        database = connect(settings)
        with closing(database.client):
            asyncio.run(_carry_out(Accounts(database, utc_now, recorder(settings, database)), roles, asked))
    except (AccountRefused, passwords.PasswordRefused) as refused:
        return _refused(settings.SERVICE, str(refused))
    except PyMongoError as failed:
        why = f"its database does not answer ({type(failed).__name__}); is it running?"
        return _refused(settings.SERVICE, why)
    except OSError as failed:
        why = f"cannot read {failed.filename}; run this as the service, with its environment"
        return _refused(settings.SERVICE, why)
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _refused(service: str, why: str) -> int:
    sys.stderr.write(f"{service}: {why}\n")
    return 1


def _parser(service: str) -> argparse.ArgumentParser:
    what = f"Accounts of the {service} console. Each change is recorded; sessions end on each change."
    parser = argparse.ArgumentParser(prog=f"{service} accounts", description=what)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, does in (("add", "a new account"), ("reset", "a new password, enabled again"), ("disable", "no more")):
        one = verbs.add_parser(verb, help=does)
        one.add_argument("name")
        if verb != "disable":
            one.add_argument("--password-stdin", action="store_true", help="read it from stdin, else one is made")
        if verb == "add":
            one.add_argument("--role", required=True)
            one.add_argument("--if-absent", action="store_true", help="an account that is there stays as it is")
    verbs.add_parser("list", help="everybody who may sign in, and who may not any more")
    return parser


async def _carry_out(accounts: Accounts, roles: Sequence[str], asked: argparse.Namespace) -> None:
    match asked.verb:
        case "add":
            if asked.role not in roles:
                raise AccountRefused(f"roles here are: {', '.join(roles)}")
            await _add(accounts, asked)
        case "reset":
            password = _password(asked)
            await accounts.reset(asked.name, password)
            _show_made(asked, password)
        case "disable":
            await accounts.disable(asked.name)
        case "list":
            for account in await accounts.all():
                state = "disabled" if account.disabled else "enabled"
                _say(f"{account.name:32} {account.role:16} {state}")


async def _add(accounts: Accounts, asked: argparse.Namespace) -> None:
    if asked.if_absent and await accounts.find(asked.name):
        return
    password = _password(asked)
    await accounts.add(asked.name, asked.role, password)
    _show_made(asked, password)


def _password(asked: argparse.Namespace) -> str:
    return sys.stdin.readline().rstrip("\n") if asked.password_stdin else passwords.generate()


def _show_made(asked: argparse.Namespace, password: str) -> None:
    if not asked.password_stdin:
        _say(f"password, shown once: {password}")
