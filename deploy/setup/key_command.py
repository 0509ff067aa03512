"""`python -m deploy.setup.key_command FOLDER make | list | rotate | revoke`: the keys of processes, by hand.

Works without any server, for a cluster that mounts the folders as secrets; `./leak keys` is the same for the embedded
default.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.setup import keys

OVERLAP_S = 600
"""A mounted secret reaches every replica within this; a folder does in a second."""


def main(arguments: Sequence[str]) -> int:
    """0 when it is done, 1 when the key isn't there; argparse ends the process for a wrong argument."""
    asked = _parser().parse_args(arguments)
    now = datetime.now(UTC)
    try:
        sys.stdout.writelines(f"{line}\n" for line in _done(asked, now))
    except keys.NoSuchKey as missing:
        sys.stderr.write(f"keys: {missing}\n")
        return 1
    return 0


def _done(asked: argparse.Namespace, now: datetime) -> list[str]:
    match asked.act:
        case "make":
            keys.make(asked.folder, now)
            return ["every key that was missing is made"]
        case "list":
            return [_line(key) for key in keys.every(asked.folder)]
        case "rotate":
            since = now + timedelta(seconds=asked.overlap)
            made = keys.rotate(asked.folder, asked.process, asked.name, now, timedelta(seconds=asked.overlap))
            return [f"{asked.process} {asked.name} {made} is in use from {since:%Y-%m-%d %H:%M:%S} UTC"]
        case _:
            since, pause = asked.since or now, timedelta(seconds=asked.pause)
            made = keys.revoke(asked.folder, asked.process, asked.name, asked.key, since=since, now=now, pause=pause)
            return [
                f"{asked.process} {asked.name} {asked.key} is revoked since {since:%Y-%m-%d %H:%M:%S} UTC",
                f"{made} is in use from {now + pause:%Y-%m-%d %H:%M:%S} UTC; until then nothing is made with either",
            ]


def _line(key: keys.Listed) -> str:
    until = f"until {key.until}" if key.until else "in use"
    revoked = f"revoked {key.revoked}" if key.revoked else ""
    return f"{key.process:21} {key.name:13} {key.id}  from {key.since}  {until} {revoked}".rstrip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="keys", description="keys of processes: made once, rotated, revoked")
    parser.add_argument("folder", type=Path, help="one folder a process")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("make", help="make what is missing; replaces nothing")
    acts.add_parser("list", help="all keys, the newest first; nothing of the key itself")
    rotate = acts.add_parser("rotate", help="make a new key; what the old one made stays good")
    revoke = acts.add_parser("revoke", help="believe nothing that a key made and a reader stores after --since")
    for act in (rotate, revoke):
        act.add_argument("process", choices=[process for process, names in keys.KEYS.items() if names])
        act.add_argument("name", help="the key's name, as `list` shows it")
    rotate.add_argument("--overlap", type=_seconds, default=OVERLAP_S, help=f"seconds until it is used ({OVERLAP_S})")
    revoke.add_argument("key", help="its id, as `list` shows it")
    revoke.add_argument("--since", type=_moment, help="RFC 3339; now unless told")
    revoke.add_argument("--pause", type=_seconds, default=OVERLAP_S, help=f"seconds until a new one ({OVERLAP_S})")
    return parser


def _seconds(text: str) -> int:
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number of seconds: give a whole one, as 600")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} is not a time in RFC 3339: give one as 2026-11-20T12:00:00+00:00")
    return moment


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
