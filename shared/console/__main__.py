"""Who may sign in to a console: `python -m shared.console moderation add NAME --role ROLE`, disable, reset, list."""

import argparse
import asyncio
import sys
from contextlib import closing
from typing import ClassVar

from pymongo.errors import PyMongoError

from shared.console import passwords
from shared.console.accounts import AccountRefused, Accounts
from shared.console.roles import ROLES
from shared.runtime.clock import utc_now
from shared.runtime.mongo import connect
from shared.runtime.settings import ServiceSettings, settings_config


def main(arguments: list[str]) -> int:
    """0 when it is done, 1 when it is refused; says why in one line."""
    asked = _parser().parse_args(arguments)
    try:
        database = connect(_settings(asked.service))
        with closing(database.client):
            asyncio.run(_carry_out(Accounts(database, utc_now), asked))
    except (AccountRefused, passwords.PasswordRefused) as refused:
        return _refused(asked.service, str(refused))
    except PyMongoError as failed:
        return _refused(asked.service, f"its database does not answer ({type(failed).__name__}); is it running?")
    except OSError as failed:
        return _refused(asked.service, f"cannot read {failed.filename}; run this as the service, with its environment")
    return 0


def _refused(service: str, why: str) -> int:
    print(f"{service}: {why}", file=sys.stderr)  # noqa: T201 -- the answer of a command
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="accounts", description="Accounts of a console; sessions end on each change.")
    parser.add_argument("service", choices=sorted(ROLES))
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, what in (("add", "a new account"), ("reset", "a new password, enabled again"), ("disable", "no more")):
        one = verbs.add_parser(verb, help=what)
        one.add_argument("name")
        if verb != "disable":
            one.add_argument("--password-stdin", action="store_true", help="read it from stdin, else one is made")
        if verb == "add":
            one.add_argument("--role", required=True)
            one.add_argument("--if-absent", action="store_true", help="an account that is there stays as it is")
    verbs.add_parser("list", help="everybody who may sign in, and who may not any more")
    return parser


def _settings(service: str) -> ServiceSettings:
    class Settings(ServiceSettings):
        SERVICE: ClassVar[str] = service
        model_config = settings_config(f"{service.upper()}_")

    return Settings()


async def _carry_out(accounts: Accounts, asked: argparse.Namespace) -> None:
    match asked.verb:
        case "add":
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
                print(f"{account.name:32} {account.role:16} {state}")  # noqa: T201 -- the answer of a command


async def _add(accounts: Accounts, asked: argparse.Namespace) -> None:
    if asked.role not in ROLES[asked.service]:
        raise AccountRefused(f"roles here are: {', '.join(ROLES[asked.service])}")
    if asked.if_absent and await accounts.find(asked.name):
        return
    password = _password(asked)
    await accounts.add(asked.name, asked.role, password)
    _show_made(asked, password)


def _password(asked: argparse.Namespace) -> str:
    return sys.stdin.readline().rstrip("\n") if asked.password_stdin else passwords.generate()


def _show_made(asked: argparse.Namespace, password: str) -> None:
    if not asked.password_stdin:
        print(f"password, shown once: {password}")  # noqa: T201 -- the answer of a command


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
