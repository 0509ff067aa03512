"""`./leak keys`: what it says, and that it refuses what isn't there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.setup import key_command, keys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert key_command.main([str(tmp_path), "make"]) == 0
    return tmp_path


def ids(folder: Path, process: str, name: str) -> list[str]:
    return [key.id for key in keys.every(folder) if (key.process, key.name) == (process, name)]


def test_the_list_names_every_key_and_shows_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert key_command.main([str(folder), "list"]) == 0
    listed = capsys.readouterr().out
    assert all(key.id in listed for key in keys.every(folder))
    text = "".join(path.read_text() for path in folder.glob("*/*.json"))
    held = re.findall(r'"key": "([^"]+)"', text)
    assert held
    assert not any(secret in listed for secret in held)


def test_a_rotation_makes_a_key_and_keeps_the_old_one(folder: Path) -> None:
    before = ids(folder, "gateway-accept", "signing")
    assert key_command.main([str(folder), "rotate", "gateway-accept", "signing", "--overlap", "5"]) == 0
    assert ids(folder, "gateway-accept", "signing")[1:] == before


def test_a_revocation_says_since_when(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (key,) = ids(folder, "verifier", "signing")
    since = "2026-11-20T12:00:00+00:00"
    assert key_command.main([str(folder), "revoke", "verifier", "signing", key, "--since", since, "--pause", "0"]) == 0
    assert "2026-11-20 12:00:00 UTC" in capsys.readouterr().out
    (listed,) = [one for one in keys.every(folder) if one.id == key]
    assert listed.revoked is not None
    assert datetime.fromisoformat(listed.revoked) == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["rotate", "verifier", "receipt"], "no key called receipt; choose signing, opening, token, address"),
        (["revoke", "verifier", "signing", "0000"], "`list` shows those that there are"),
    ],
)
def test_a_key_that_is_not_there_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    assert key_command.main([str(folder), *asked]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "asked",
    [
        ["rotate", "verifier", "signing", "--overlap", "soon"],
        ["revoke", "verifier", "signing", "0000", "--since", "2026-11-20T12:00:00"],
        ["rotate", "nobody", "signing"],
    ],
)
def test_a_wrong_argument_changes_nothing(folder: Path, asked: list[str]) -> None:
    before = [key.id for key in keys.every(folder)]
    with pytest.raises(SystemExit):
        key_command.main([str(folder), *asked])
    assert [key.id for key in keys.every(folder)] == before
