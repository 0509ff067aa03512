"""The verbs of ./leak, and what each may be asked.

Standard library only, as `layout` and `preconditions`: help, a wrong argument and a taken port come before any package.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from local.layout import DEFAULT_BASE, HOME, LISTENERS

VERBS = {
    "up": "start the whole system: Kafka, databases, a mailbox, the five services",
    "demo": "send a kind leak, a refused one and a held one, and show what becomes of each",
    "test": "run the tests (--quick: no Kafka, database, browser; --long: the full matrices too; pytest's arguments)",
    "check": "style, types, import contracts and the launcher's shell",
    "contract": "write schemas of events and seals, docs/events.md, docs/seals.md, docs/asyncapi.json, .env.example",
    "bench": "benchmarks as ratios within one run: accept, audit, mailer, journey (--long for more)",
    "accounts": "console accounts: moderation|audit add|reset|disable|list",
    "audit": "verify: check the log; verify answer FILE KEY: check an answer; verify key: the answers' public key",
    "keys": "keys of processes: list|rotate|revoke",
    "reset": "forget all data: leaks, mail, accounts, keys",
    "lock": "resolve the embedded Kafka's jars anew and write local/kafka.lock",
}
COMMANDS = ("bench", "audit", "keys")
"""Verbs whose arguments are all for a program of its own, which has its own help."""
LAST_PORT = 65_535
LONGEST_DELAY_S = 86_400


def parse(arguments: list[str]) -> argparse.Namespace:
    """The verb, what it was asked, and as `rest` what is for another program; ends the process as argparse does."""
    verb, rest = arguments[0] if arguments else "help", arguments[1:]
    if verb not in VERBS:
        for name, what in VERBS.items():
            print(f"  ./leak {name:10}{what}")
        if verb in {"help", "-h", "--help"}:
            raise SystemExit(0)
        print(f"leak: there is no verb {verb}: use one of these", file=sys.stderr)
        raise SystemExit(2)
    if verb in COMMANDS:
        return argparse.Namespace(verb=verb, rest=rest)
    parser = argparse.ArgumentParser(prog=f"./leak {verb}", description=VERBS[verb])
    if verb in ARGUMENTS:
        ARGUMENTS[verb](parser)
    asked, others = parser.parse_known_args(rest, argparse.Namespace(verb=verb))
    if others and verb != "test":
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    asked.rest = others
    return asked


def _up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ports",
        type=_base,
        default=DEFAULT_BASE,
        metavar="BASE",
        help=f"first of {len(LISTENERS)} ports ({DEFAULT_BASE})",
    )
    parser.add_argument(
        "--delay",
        type=_seconds,
        default=5,
        metavar="SECONDS",
        help="longest random delay before an approved leak is sent (5)",
    )
    _home(parser, "where its data and logs are kept (.leak)")


def _demo(parser: argparse.ArgumentParser) -> None:
    _home(parser, "the stack's folder (.leak)")


def _test(parser: argparse.ArgumentParser) -> None:
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--quick", action="store_true", help="none with Kafka, databases, browser")
    depth.add_argument("--long", action="store_true", help="the full matrices too")


def _accounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("console", choices=("moderation", "audit"))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="add|reset|disable|list ...")


def _reset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="don't ask")


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "up": _up,
    "demo": _demo,
    "test": _test,
    "accounts": _accounts,
    "reset": _reset,
}


def _home(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--home", type=Path, default=HOME, help=what)


def _base(text: str) -> int:
    return _whole(text, "the first port", 1, LAST_PORT - len(LISTENERS))


def _seconds(text: str) -> int:
    return _whole(text, "the delay in seconds", 0, LONGEST_DELAY_S)


def _whole(text: str, what: str, least: int, most: int) -> int:
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not {what}: give a whole number from {least} to {most}")
