"""`./leak check`: style, types, import contracts, shell; everything that needs no running part."""

import argparse
import subprocess
from pathlib import Path

from local.layout import CHECKOUT
from local.programs import PYTHON

TOOLS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("shellcheck", "leak", ".ci/run"),
)


def run(_asked: argparse.Namespace) -> int:
    """Runs every tool, also after one has failed."""
    tools = Path(PYTHON).parent
    failed = []
    for name, *rest in TOOLS:
        print(" ".join((name, *rest[:1])), "...", flush=True)
        if subprocess.run([tools / name, *rest], cwd=CHECKOUT, check=False).returncode != 0:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all good")
    return 1 if failed else 0
