"""The corpora that the rules are measured on, read once."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def benign(language: str) -> list[str]:
    """Kind, playful and sober messages that must pass."""
    return (HERE / f"benign.{language}.txt").read_text("utf-8").splitlines()


def abusive(language: str) -> Iterator[tuple[str, str]]:
    """Pairs of policy and message that must be held or rejected."""
    document = tomllib.loads((HERE / f"abusive.{language}.toml").read_text("utf-8"))
    return ((policy, text) for policy, texts in document.items() for text in texts)
