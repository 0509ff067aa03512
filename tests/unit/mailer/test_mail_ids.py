"""A mail's names are the same for every attempt, and tell nothing."""

import re
from datetime import UTC, datetime, timedelta

from services.mailer.mail_ids import MailIds
from shared.seals.keys import Key, KeyHistory

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEAK = "5a" * 16
OLD = Key("a" * 16, NOON - timedelta(days=9), b"o" * 32)
NEW = Key("b" * 16, NOON + timedelta(days=1), b"n" * 32)
BEFORE = MailIds(lambda: KeyHistory.of([OLD]), "leak.example")
AFTER = MailIds(lambda: KeyHistory.of([OLD, NEW]), "leak.example")


def test_a_message_id_tells_nothing_and_is_one_mail_s_alone() -> None:
    one, other = (BEFORE.message_id(leak_id, NOON) for leak_id in (LEAK, "6b" * 16))
    assert re.fullmatch(r"[0-9a-f]{32}@leak\.example", one)
    assert one != other
    assert LEAK not in one
    assert BEFORE.in_block_token(LEAK, NOON).hex() not in one


def test_a_rotation_changes_no_name_of_a_mail_that_was_there_before() -> None:
    assert BEFORE.message_id(LEAK, NOON) == AFTER.message_id(LEAK, NOON)
    assert BEFORE.in_block_token(LEAK, NOON) == AFTER.in_block_token(LEAK, NOON)
    later = NOON + timedelta(days=2)
    assert BEFORE.message_id(LEAK, later) != AFTER.message_id(LEAK, later)
