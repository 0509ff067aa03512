"""Trees to plant a violation in."""

from collections.abc import Callable
from pathlib import Path

import pytest

Plant = Callable[..., Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Make a tree of these files: path → text."""

    def make(files: dict[str, str]) -> Path:
        for top in ("services", "shared", "deploy", "local", "tests"):
            (tmp_path / top).mkdir(exist_ok=True)
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return make
