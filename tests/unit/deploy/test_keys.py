"""Keys: every service has its own, nobody else can read them, and they are made once."""

import stat
from pathlib import Path

import pytest
from shared.sealing import Keyring, Sealer
from shared.unsealing import Opener

from deploy.setup import keys
from shared.digests import from_base64url
from shared.events.topics import SERVICES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.make(tmp_path)
    return tmp_path


def test_every_service_has_a_folder_that_nobody_else_can_open(folder: Path) -> None:
    for service in SERVICES:
        assert stat.S_IMODE((folder / service).stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / service).iterdir()} == {0o600}


def test_no_two_secrets_are_alike(folder: Path) -> None:
    made = [path.read_text() for path in folder.rglob("*") if path.is_file() and path.name != keys.KEYRING]
    assert len(set(made)) == len(made) == sum(len(names) + len(keys.PASSWORDS) for names in keys.KEYS.values())
    assert all(len(from_base64url(secret)) == keys.KEY_BYTES for secret in made)


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    keys.make(folder)
    assert {path: path.read_text() for path in folder.rglob("*") if path.is_file()} == before


def test_a_key_that_a_crash_left_half_written_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway" / ".signing.key.part").write_text("ha")
    keys.make(tmp_path)
    assert len(from_base64url((tmp_path / "gateway" / "signing.key").read_text())) == keys.KEY_BYTES


def test_the_keyring_follows_the_keys(folder: Path) -> None:
    before = (folder / "mailer" / keys.KEYRING).read_text()
    (folder / "gateway" / "signing.key").unlink()
    keys.make(folder)
    assert (folder / "mailer" / keys.KEYRING).read_text() != before


def test_what_the_gateway_seals_with_its_keys_the_reader_opens_with_its_own(folder: Path) -> None:
    keyring = Keyring.load(folder / "gateway" / keys.KEYRING)
    sealer = Sealer("gateway", from_base64url((folder / "gateway" / "signing.key").read_text()), keyring)
    sealed = sealer.seal("recipient", "0" * 32, b"anna@example.org")
    opener = Opener("mailer", from_base64url((folder / "mailer" / "opening.key").read_text()), keyring)
    assert opener.open("recipient", "0" * 32, sealed) == b"anna@example.org"
