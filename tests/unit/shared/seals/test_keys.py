"""Keys have a history: which one is used when, and that a rotated file is read again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.digests import to_base64url
from shared.seals.errors import KeyMissing
from shared.seals.keys import Key, KeyHistory, key_file, key_id

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLD = Key("0" * 16, NOON - HOUR, b"o" * 32, until=NOON + HOUR)
NEW = Key("1" * 16, NOON + HOUR, b"n" * 32)
HISTORY = KeyHistory.of([OLD, NEW])


def test_the_newest_that_has_begun_is_used() -> None:
    assert HISTORY.current(NOON) == OLD
    assert HISTORY.current(NOON + HOUR) == NEW
    assert HISTORY.at(NOON) == OLD
    assert HISTORY.at(NOON + 9 * HOUR) == NEW


def test_what_is_older_than_all_keys_gets_the_oldest_each_time() -> None:
    assert HISTORY.at(NOON - 9 * HOUR) == OLD


def test_a_revoked_key_is_not_used_any_more_and_still_found() -> None:
    revoked = KeyHistory.of([Key("2" * 16, NOON, b"r" * 32, revoked=NOON + HOUR)])
    assert revoked.current(NOON).id == "2" * 16
    with pytest.raises(KeyMissing):
        revoked.current(NOON + HOUR)
    assert revoked.named("2" * 16).is_revoked(NOON + HOUR)
    assert revoked.at(NOON + 2 * HOUR).id == "2" * 16


def test_what_is_not_there_is_missing() -> None:
    for find in (lambda: KeyHistory(()).current(NOON), lambda: KeyHistory(()).at(NOON), lambda: HISTORY.named("x")):
        with pytest.raises(KeyMissing):
            find()


def test_a_key_shows_in_no_repr() -> None:
    assert "ooo" not in repr(HISTORY)


def test_an_id_says_nothing_of_the_key_but_which_it_is() -> None:
    assert key_id(b"o" * 32) != key_id(b"n" * 32)
    assert len(key_id(b"o" * 32)) == 16


def written(path: Path, *materials: bytes) -> None:
    entries = [
        {
            "id": key_id(one),
            "from": (NOON + number * HOUR).isoformat(),
            "until": None,
            "revoked": None,
            "key": to_base64url(one),
        }
        for number, one in enumerate(materials)
    ]
    path.write_text(json.dumps({"keys": entries}))


def test_a_file_is_read_again_within_a_second_and_an_unreadable_one_leaves_the_last(tmp_path: Path) -> None:
    path, seconds = tmp_path / "token.json", [0.0]
    history = key_file(path, monotonic=lambda: seconds[0])
    with pytest.raises(FileNotFoundError):
        history()
    written(path, b"o" * 32)
    assert len(history().keys) == 1
    written(path, b"o" * 32, b"n" * 32)
    assert len(history().keys) == 1
    seconds[0] += 1
    assert len(history().keys) == 2
    path.write_text("half a fi")
    seconds[0] += 1
    assert len(history().keys) == 2
