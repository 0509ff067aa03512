"""`python -m shared.console`: the first account of a console, and the last day of one."""

import io
from pathlib import Path

import pytest

from services.audit.accounts import main as audit
from services.moderation.accounts import main as moderation
from shared.console.passwords import LENGTH_MIN


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database_port: int, secrets_folder: Path):
    for service in ("MODERATION", "AUDIT"):
        monkeypatch.setenv(f"{service}_SECRETS_DIR", str(secrets_folder / service.lower()))
        monkeypatch.setenv(f"{service}_MONGO_URL", f"mongodb://127.0.0.1:{database_port}")
        monkeypatch.setenv(f"{service}_MONGO_AUTH", "false")


def test_a_password_is_made_and_printed_once(capsys: pytest.CaptureFixture[str]):
    assert moderation(["add", "first", "--role", "moderator"]) == 0
    password = capsys.readouterr().out.strip().rsplit(" ", 1)[1]
    assert len(password) >= LENGTH_MIN
    assert moderation(["list"]) == 0
    listed = capsys.readouterr().out
    assert "first" in listed
    assert password not in listed


def test_a_password_from_stdin_is_not_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
    assert moderation(["add", "second", "--role", "moderator", "--password-stdin"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["add", "Not a name", "--role", "moderator"], "a name has"),
        (["add", "boss", "--role", "auditor"], "roles here are"),
        (["disable", "nobody"], "no account"),
        (["reset", "nobody"], "no account"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]):
    assert moderation(arguments) == 1
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_weak_password_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert moderation(["add", "weak", "--role", "moderator", "--password-stdin"]) == 1
    assert "15 to 256" in capsys.readouterr().err


def test_an_account_that_is_there_is_kept_only_when_asked(capsys: pytest.CaptureFixture[str]):
    add = ["add", "auditor-x", "--role", "auditor"]
    assert audit(add) == 0
    assert audit(add) == 1
    capsys.readouterr()
    assert audit([*add, "--if-absent"]) == 0
    assert capsys.readouterr().out == ""


def test_each_service_has_accounts_of_its_own(capsys: pytest.CaptureFixture[str]):
    audit(["add", "alone", "--role", "auditor"])
    capsys.readouterr()
    moderation(["list"])
    assert "alone" not in capsys.readouterr().out


def test_a_database_that_is_away_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("MODERATION_MONGO_URL", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    assert moderation(["list"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_a_service_without_its_secrets_says_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("MODERATION_MONGO_AUTH", "true")
    monkeypatch.setenv("MODERATION_SECRETS_DIR", "/nowhere")
    assert moderation(["list"]) == 1
    assert "/nowhere/mongo-password" in capsys.readouterr().err
