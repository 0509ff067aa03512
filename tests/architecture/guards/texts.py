"""English and French say the same things: the same keys, none of them empty."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def violations(root: Path) -> list[str]:
    """Keys that one language lacks, and empty texts."""
    found = []
    for english in sorted(path for top in ("services", "shared", "local") for path in (root / top).rglob("en.toml")):
        french = english.with_name("fr.toml")
        place = english.parent.relative_to(root)
        if not french.exists():
            found.append(f"{place}: no fr.toml beside en.toml")
            continue
        one, other = (dict(_flat(tomllib.loads(path.read_text("utf-8")))) for path in (english, french))
        found += [f"{place}: {key} is not in both languages" for key in sorted(one.keys() ^ other.keys())]
        found += [f"{place}: {key} is empty" for key, text in [*one.items(), *other.items()] if text == ""]
    return found


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
