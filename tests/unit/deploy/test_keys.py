"""Keys: every process has its own, nobody else can read them; they are made once, rotated and revoked, never lost."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.setup import keys
from shared.digests import from_base64url
from shared.events.topics import PROCESSES
from shared.seals import purposes
from shared.seals.contents import RecipientAddress
from shared.seals.errors import KeyMissing, SealBroken
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer
from tests.support.keys import keyring, keys_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEAK = "0" * 32
ADDRESS = RecipientAddress(address="anna@example.org")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.make(tmp_path, NOON)
    return tmp_path


def ids(folder: Path, process: str, name: str) -> list[str]:
    return [key.id for key in keys.every(folder) if (key.process, key.name) == (process, name)]


def sealed_at(folder: Path, at: datetime) -> str:
    signing = keys_of(folder, "gateway-accept", "signing")
    return Sealer("gateway-accept", signing, keyring(folder), now=lambda: at).seal(purposes.RECIPIENT, LEAK, ADDRESS)


def opened_at(folder: Path, sealed: str, at: datetime, stored_at: datetime | None = None) -> RecipientAddress:
    opening = keys_of(folder, "mailer-letters", "opening")
    opener = Opener("mailer-letters", opening, keyring(folder), now=lambda: at)
    return opener.open(purposes.RECIPIENT, LEAK, sealed, stored_at=stored_at)


def test_every_process_has_a_folder_that_nobody_else_can_open(folder: Path) -> None:
    assert set(keys.KEYS) == set(PROCESSES)
    for process in PROCESSES:
        assert stat.S_IMODE((folder / process).stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / process).iterdir()} == {0o600}


def test_no_two_secrets_are_alike_but_those_that_both_mailer_roles_share(folder: Path) -> None:
    passwords = [path.read_text() for path in folder.rglob("*-password")]
    assert len(set(passwords)) == len(passwords) == 2 * len(PROCESSES) + 3
    assert all(len(from_base64url(password)) == keys.KEY_BYTES for password in passwords)
    made = [key.id for key in keys.every(folder)]
    assert len(made) - len(set(made)) == len(keys.SHARED)
    for name in keys.SHARED:
        assert ids(folder, "mailer-letters", name) == ids(folder, "mailer-confirmations", name)


def test_a_second_run_changes_nothing(folder: Path) -> None:
    before = {path: path.read_text() for path in folder.rglob("*") if path.is_file()}
    keys.make(folder, NOON + timedelta(days=9))
    assert {path: path.read_text() for path in folder.rglob("*") if path.is_file()} == before


def test_a_key_that_a_crash_left_half_written_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "gateway-accept").mkdir()
    (tmp_path / "gateway-accept" / ".signing.json.part").write_text("ha")
    keys.make(tmp_path, NOON)
    assert len(ids(tmp_path, "gateway-accept", "signing")) == 1


def test_a_rotation_is_in_use_after_the_overlap_and_what_was_sealed_before_still_opens(folder: Path) -> None:
    before = sealed_at(folder, NOON + timedelta(hours=1))
    for process, name in (("gateway-accept", "signing"), ("mailer-letters", "opening")):
        new = keys.rotate(folder, process, name, NOON + timedelta(hours=1), timedelta(minutes=10))
        assert ids(folder, process, name)[0] == new
    during, after = (sealed_at(folder, NOON + timedelta(hours=1, minutes=m)) for m in (5, 15))
    assert before.split(".")[1] != after.split(".")[1]
    for sealed in (before, during, after):
        assert opened_at(folder, sealed, NOON + timedelta(days=30)) == ADDRESS


def test_a_revoked_signing_key_is_believed_only_for_what_was_stored_before(folder: Path) -> None:
    [old] = ids(folder, "gateway-accept", "signing")
    sealed, theft = sealed_at(folder, NOON), NOON + timedelta(hours=1)
    keys.revoke(folder, "gateway-accept", "signing", old, since=theft, now=theft, pause=timedelta(seconds=5))
    later = NOON + timedelta(days=1)
    assert opened_at(folder, sealed, later, stored_at=theft - timedelta(seconds=1)) == ADDRESS
    for stored_at in (theft, later, None):
        with pytest.raises(SealBroken, match="revoked"):
            opened_at(folder, sealed, later, stored_at=stored_at)
    assert opened_at(folder, sealed_at(folder, later), later) == ADDRESS


def test_while_a_revoked_key_is_replaced_nothing_is_sealed(folder: Path) -> None:
    [old] = ids(folder, "gateway-accept", "signing")
    keys.revoke(folder, "gateway-accept", "signing", old, since=NOON, now=NOON, pause=timedelta(seconds=5))
    with pytest.raises(KeyMissing):
        sealed_at(folder, NOON + timedelta(seconds=4))
    sealed_at(folder, NOON + timedelta(seconds=5))


def test_a_revoked_opening_key_is_never_sealed_to_and_still_opens(folder: Path) -> None:
    [old] = ids(folder, "mailer-letters", "opening")
    sealed = sealed_at(folder, NOON)
    new = keys.revoke(folder, "mailer-letters", "opening", old, since=NOON, now=NOON, pause=timedelta(0))
    assert opened_at(folder, sealed, NOON + timedelta(days=1)) == ADDRESS
    assert keyring(folder)().reader("mailer-letters").current(NOON + timedelta(days=1)).id == new


def test_what_is_not_there_is_named(folder: Path) -> None:
    for asked in (("mailer", "opening"), ("verifier", "receipt")):
        with pytest.raises(keys.NoSuchKey):
            keys.rotate(folder, *asked, NOON, timedelta(0))
    with pytest.raises(keys.NoSuchKey, match="list"):
        keys.revoke(folder, "verifier", "token", "0" * 16, since=NOON, now=NOON, pause=timedelta(0))
