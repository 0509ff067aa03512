"""Debian's programs without installing them; its tools are scripts here, so that nothing is fetched."""

import os
from pathlib import Path

import pytest

from bench.tools import NotHere, find

SCRIPTS = {
    "apt-get": 'touch "$3_1_amd64.deb"',
    "dpkg": """
case "$2" in
*/library_*) mkdir -p "$3/usr/lib/machine" && touch "$3/usr/lib/machine/library.so.2" ;;
*) mkdir -p "$3/usr/bin" && touch "$3/usr/bin/program-of-a-test" ;;
esac""",
    "ldd": """
test -e "${LD_LIBRARY_PATH%%:*}/library.so.2" || echo "	library.so.2 => not found"
echo "	libc.so.6 => /lib/libc.so.6 (0x1)" """,
}


@pytest.fixture(autouse=True)
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in SCRIPTS.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")


def test_a_program_comes_with_the_libraries_of_other_packages(tmp_path: Path) -> None:
    tool = find("program-of-a-test", "program", "library", cache=tmp_path / "cache")
    assert Path(tool.path).exists()
    assert (Path(tool.environment["LD_LIBRARY_PATH"]) / "library.so.2").exists()


def test_a_program_that_was_unpacked_without_its_library_gets_it(tmp_path: Path) -> None:
    with pytest.raises(NotHere):
        find("program-of-a-test", "program", cache=tmp_path / "cache")
    assert find("program-of-a-test", "program", "library", cache=tmp_path / "cache").libraries


def test_a_missing_library_is_named_with_what_to_install(tmp_path: Path) -> None:
    said = r"program-of-a-test lacks library\.so\.2; install Debian's package program"
    with pytest.raises(NotHere, match=said):
        find("program-of-a-test", "program", cache=tmp_path / "cache")


def test_a_program_that_no_package_has_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotHere, match="another is not here; install Debian's package program"):
        find("another", "program", cache=tmp_path / "cache")
