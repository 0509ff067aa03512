"""The launcher, with nothing on its PATH but what a test puts there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.environment import LOCK, PIN
from local.layout import CHECKOUT

SHELL = shutil.which("sh") or "/bin/sh"


def launch(folder: Path, **pythons: str) -> "subprocess.CompletedProcess[str]":
    """Run a copy of ./leak; each python is a shell script that stands in for one."""
    (folder / "bin").mkdir()
    shutil.copy(CHECKOUT / "leak", folder)
    for name, script in pythons.items():
        path = folder / "bin" / name.replace("_", ".")
        path.write_text(f"#!{SHELL}\n{script}\n")
        path.chmod(0o700)
    command = [SHELL, str(folder / "leak"), "up"]
    return subprocess.run(command, env={"PATH": str(folder / "bin")}, capture_output=True, text=True, check=False)


def test_the_parts_that_are_installed_are_the_whole_lock() -> None:
    lock = LOCK.read_text()
    assert "\n".join(re.findall(PIN, lock, re.MULTILINE)) == lock.strip()


def test_no_python_is_one_clear_line(tmp_path: Path) -> None:
    done = launch(tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "leak: needs Python 3.11, 3.12 or 3.13 as python3, python3.11, python3.12 or python3.13 on the PATH\n"
    )


def test_another_python_is_the_same_line(tmp_path: Path) -> None:
    assert "needs Python 3.11, 3.12 or 3.13" in launch(tmp_path, python3="exit 1").stderr


def test_a_python_without_its_venv_package_says_which_to_install(tmp_path: Path) -> None:
    done = launch(tmp_path, python3='case "$2" in *ensurepip*) exit 1 ;; esac')
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "apt-get install python3-venv" in done.stderr


@pytest.mark.parametrize("name", ["python3", "python3_11", "python3_12", "python3_13"])
def test_any_fitting_python_is_found_under_its_usual_names(tmp_path: Path, name: str) -> None:
    done = launch(tmp_path, **{name: '[ "$1" = -c ] || echo "runs $*"'})
    assert done.stdout == "runs local/environment.py up\n"
