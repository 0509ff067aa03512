"""Checks that need no trust in the running service: the whole log from the database, and an answer offline.

python -m services.audit.verify                        the log; names the first thing wrong, and exits 1
python -m services.audit.verify key                    the public key of answers made now, to hand to authorities
python -m services.audit.verify answer FILE KEY        one answer; KEY is that public key, or a file that holds it
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError
from pymongo.errors import PyMongoError

from services.audit import domain, signatures
from services.audit.chain import ChainBroken, Entry, Head, follow
from services.audit.export import FORMAT, SIGNED
from services.audit.log import HeadFile
from services.audit.settings import Settings
from services.audit.store.log import LogStore
from shared.digests import from_base64url, to_base64url
from shared.runtime import mongo
from shared.runtime.clock import utc_now
from shared.seals.errors import KeyMissing
from shared.seals.keys import KeyHistory, key_id

KEY_BYTES: Final = 32


class AnswerBroken(Exception):
    """The file is not an answer as it was signed."""


@dataclass(frozen=True)
class WholeLog:
    """What a log that is whole holds."""

    entries: int
    orders: int
    opened: int
    head: Head


async def check_log(store: LogStore, keys: KeyHistory, noted: Iterable[Head | None]) -> WholeLog:
    """Read the log from its first entry, `keys` being its public ones. ChainBroken names the first thing wrong.

    Checks that each entry is whole, signed and in its place; that every step of an order was allowed when it was taken;
    that the log still holds the ends that were noted elsewhere.
    """
    head, entries = Head(), list[Entry]()
    async for place, entry in store.entries():
        head = follow(head, entry, place, keys)
        entries.append(entry)
    for end in noted:
        if end is not None:
            _holds(entries, end)
    orders = _allowed(entries)
    opened = sum(any(entry.act == "order.opened" for entry in order.entries) for order in orders)
    return WholeLog(len(entries), len(orders), opened, head)


def _holds(entries: list[Entry], end: Head) -> None:
    if end.seq > len(entries):
        raise ChainBroken(f"the log ends at entry {len(entries)}, but reached entry {end.seq}: it was cut short")
    if end.seq and entries[end.seq - 1].digest != end.digest:
        raise ChainBroken(f"entry {end.seq} is not the one that was noted: the log was replaced")


def _allowed(entries: list[Entry]) -> list[domain.Order]:
    orders: dict[int, domain.Order] = {}
    for entry in entries:
        if fault := domain.fault(orders.get(entry.order or 0), entry):
            raise ChainBroken(fault)
        domain.add(orders, entry)
    return list(orders.values())


def check_answer(raw: bytes, public_key: bytes) -> dict[str, Any]:
    """What an answer says. AnswerBroken when a byte of it was changed, or another key signed it."""
    try:
        file = json.loads(raw)
        body, signature = file["answer"], from_base64url(file["signature"])
        canonical = rfc8785.dumps(file)
    except (ValueError, KeyError, TypeError, RecursionError) as strange:
        raise AnswerBroken("this is not an answer") from strange
    if canonical != raw:
        raise AnswerBroken("the file is not byte for byte as it was written")
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise AnswerBroken("this is not an answer of a form known here")
    if body.get("signing_key") != key_id(public_key):
        raise AnswerBroken("it names another signing key than the one given")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, SIGNED + rfc8785.dumps(body))
    except InvalidSignature as broken:
        raise AnswerBroken("the signature does not hold: something was changed") from broken
    return body


def public_keys(settings: Settings, name: str) -> KeyHistory:
    """The public halves of signing keys in the service's secrets."""
    return signatures.public_half(settings.keys(name)())


def _key(text: str) -> bytes:
    try:
        key = from_base64url(text)
    except ValueError as strange:
        raise AnswerBroken("that is no public key") from strange
    if len(key) != KEY_BYTES:
        raise AnswerBroken("that is no public key")
    return key


async def _log_verb() -> str:
    settings = Settings()
    store, noted = LogStore(mongo.connect(settings)), HeadFile(settings.head_file).read()
    report = await check_log(store, public_keys(settings, "log"), [noted])
    return (
        f"The log is whole: {report.entries} entries, {report.orders} orders, {report.opened} of them opened. "
        f"It ends with {report.head.digest}."
    )


def _answer_verb(file: Path, key: str) -> str:
    body = check_answer(file.read_bytes(), _key(Path(key).read_text().strip() if Path(key).is_file() else key))
    reference, opened_at = body["order"]["reference"], body["opened_at"]
    return f"The answer is whole: order {reference}, leak {body['leak_id']}, opened {opened_at}."


def main() -> int:
    """Exit 0 when what was checked is whole, 1 when it isn't, 2 when it could not be read."""
    parser = argparse.ArgumentParser(prog="audit verify", description="Check the audit log, or an answer.")
    verbs = parser.add_subparsers(dest="verb")
    verbs.add_parser("log", help="check the whole log (the default)")
    verbs.add_parser("key", help="print the public key of answers")
    # One public key in 64 begins with "-", so no option does here, not even for help.
    answer = verbs.add_parser("answer", help="check one answer, offline", prefix_chars="\0", add_help=False)
    answer.add_argument("file", type=Path)
    answer.add_argument("key", help="the public key, or a file that holds it")
    asked = parser.parse_args()
    try:
        if asked.verb == "answer":
            said = _answer_verb(asked.file, asked.key)
        elif asked.verb == "key":
            said = to_base64url(public_keys(Settings(), "answer").current(utc_now()).material)
        else:
            said = asyncio.run(_log_verb())
    except (ChainBroken, AnswerBroken) as broken:
        sys.stdout.write(f"NOT WHOLE: {broken}.\n")
        return 1
    except FileNotFoundError as missing:
        sys.stdout.write(f"NOT CHECKED: there is no file {missing.filename}\n")
        return 2
    except (OSError, PyMongoError, ValidationError, KeyMissing) as away:
        sys.stdout.write(f"NOT CHECKED: {type(away).__name__}: {away}\n")
        return 2
    sys.stdout.write(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
