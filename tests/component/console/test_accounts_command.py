"""`python -m shared.console`: the first account of a console, and the last day of one."""

import io

import pytest

from shared.console.__main__ import main
from shared.console.passwords import LENGTH_MIN


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database_port: int):
    for service in ("MODERATION", "AUDIT"):
        monkeypatch.setenv(f"{service}_MONGO_URL", f"mongodb://127.0.0.1:{database_port}")
        monkeypatch.setenv(f"{service}_MONGO_AUTH", "false")


def test_a_password_is_made_and_printed_once(capsys: pytest.CaptureFixture[str]):
    assert main(["moderation", "add", "first", "--role", "moderator"]) == 0
    password = capsys.readouterr().out.strip().rsplit(" ", 1)[1]
    assert len(password) >= LENGTH_MIN
    assert main(["moderation", "list"]) == 0
    listed = capsys.readouterr().out
    assert "first" in listed
    assert password not in listed


def test_a_password_from_stdin_is_not_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery staple\n"))
    assert main(["moderation", "add", "second", "--role", "moderator", "--password-stdin"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["moderation", "add", "Not a name", "--role", "moderator"], "a name has"),
        (["moderation", "add", "boss", "--role", "auditor"], "roles here are"),
        (["moderation", "disable", "nobody"], "no account"),
        (["moderation", "reset", "nobody"], "no account"),
    ],
)
def test_what_can_not_be_done_is_said_in_one_line(arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]):
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1


def test_a_weak_password_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["moderation", "add", "weak", "--role", "moderator", "--password-stdin"]) == 1
    assert "15 to 256" in capsys.readouterr().err


def test_an_account_that_is_there_is_kept_only_when_asked(capsys: pytest.CaptureFixture[str]):
    add = ["audit", "add", "auditor-x", "--role", "auditor"]
    assert main(add) == 0
    assert main(add) == 1
    capsys.readouterr()
    assert main([*add, "--if-absent"]) == 0
    assert capsys.readouterr().out == ""


def test_each_service_has_accounts_of_its_own(capsys: pytest.CaptureFixture[str]):
    main(["audit", "add", "alone", "--role", "auditor"])
    capsys.readouterr()
    main(["moderation", "list"])
    assert "alone" not in capsys.readouterr().out


def test_a_database_that_is_away_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("MODERATION_MONGO_URL", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    assert main(["moderation", "list"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_a_service_without_its_secrets_says_which(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("MODERATION_MONGO_AUTH", "true")
    monkeypatch.setenv("MODERATION_SECRETS_DIR", "/nowhere")
    assert main(["moderation", "list"]) == 1
    assert "/nowhere/mongo-password" in capsys.readouterr().err
