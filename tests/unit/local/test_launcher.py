"""The launcher, with nothing on its PATH but what a test puts there."""

import os
import re
import shutil
import socket
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
    assert done.stdout == "runs -m local.environment up\n"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A clone in which nothing is installed yet."""
    for name in ("leak", "requirements.lock"):
        shutil.copy(CHECKOUT / name, tmp_path)
    shutil.copytree(CHECKOUT / "local", tmp_path / "local", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def asked(fresh: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What a fresh clone answers, where pip would find no package."""
    environment = {**os.environ, "PIP_NO_INDEX": "1", "COLUMNS": "120"}
    command = [str(fresh / "leak"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 0, "./leak up "),
        (["--help"], 0, "./leak demo "),
        (["up", "--help"], 0, "usage: ./leak up "),
        (["test", "-h"], 0, "usage: ./leak test "),
        (["start"], 2, "leak: there is no verb start: use one of these"),
        (["up", "--ports", "abc"], 2, "abc is not the first port: give a whole number from 1 to 65"),
        (["up", "--ports", "70000"], 2, "70000 is not the first port"),
        (["up", "--delay", "-1"], 2, "--delay"),
        (["up", "now"], 2, "unrecognized arguments: now"),
    ],
)
def test_what_needs_no_package_installs_none(fresh: Path, arguments: list[str], code: int, said: str) -> None:
    done = asked(fresh, *arguments)
    assert done.returncode == code
    assert said in done.stdout + done.stderr
    assert not (fresh / ".leak").exists()


def test_a_taken_port_is_named_before_anything_is_installed(fresh: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = asked(fresh, "up", "--ports", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"leak: port {port} (gateway) is taken ")
    assert done.stderr.endswith("or move all ports with ./leak up --ports BASE\n")
    assert not (fresh / ".leak").exists()


def test_what_an_earlier_start_may_have_left_is_for_up_to_end(fresh: Path) -> None:
    (fresh / ".leak").mkdir()
    (fresh / ".leak" / "processes.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = asked(fresh, "up", "--ports", str(taken.getsockname()[1]))
    assert "first start" in done.stdout
