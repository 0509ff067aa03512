"""The import contracts of pyproject.toml hold, and each refuses what it is there for."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.guards.source import ROOT, python_files

LINT = Path(sys.executable).with_name("lint-imports")
PLANTED = {
    "layers": ("services/verifier/domain.py", "from services.verifier.store import Store"),
    "services-apart": ("services/verifier/domain.py", "from services.mailer import domain"),
    "mails-apart": ("services/mailer/letters/compose.py", "from services.mailer.confirmations import opening"),
    "shared-below": ("shared/digests.py", "from services.verifier import tokens"),
    "services-alone": ("services/verifier/store.py", "from local import layout"),
    "opening-in-audit": ("services/moderation/domain.py", "from services.audit import opening"),
    "runtime-knows-no-event": ("shared/runtime/kafka.py", "from shared.events.leaks import LeakConfirmed"),
    "contract-stands-alone": ("shared/events/leaks.py", "from shared.digests import sha256"),
    "pages-know-no-service": ("shared/web/hosts.py", "from shared.events.leaks import LeakConfirmed"),
    "embedded-parts-stay-local": ("services/verifier/store.py", "import secantus"),
}
"""Contract → the line that breaks it, and where."""


def contracts() -> list[str]:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return [contract["id"] for contract in configured["contracts"]]


def lint(root: Path, *contract: str) -> subprocess.CompletedProcess[str]:
    only = [part for name in contract for part in ("--contract", name)]
    return subprocess.run(
        [LINT, "--no-cache", *only],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for path in python_files(ROOT):
        planted = folder / path.relative_to(ROOT)
        planted.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, planted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_holds():
    held = lint(ROOT)
    assert held.returncode == 0, held.stdout


def test_every_contract_is_shown_refusing():
    assert sorted(PLANTED) == sorted(contracts())


@pytest.mark.parametrize("contract", sorted(PLANTED))
def test_a_planted_import_breaks_its_contract(copy: Path, contract: str):
    path, line = PLANTED[contract]
    whole = (copy / path).read_text()
    (copy / path).write_text(f"{whole}\n{line}\n")
    refused = lint(copy, contract)
    (copy / path).write_text(whole)
    assert refused.returncode == 1
    assert "1 broken" in refused.stdout


def test_the_copy_without_a_planted_import_holds(copy: Path):
    assert lint(copy).returncode == 0
