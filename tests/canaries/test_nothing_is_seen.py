"""Known people go through the whole system; then every place is read, and nothing of theirs is where it may not be."""

import pytest

from tests.canaries import joined
from tests.canaries.lives import Lives
from tests.canaries.looking import leaks
from tests.canaries.scanner import as_found
from tests.canaries.strays import lived
from tests.canaries.world import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

ALL = 200
"""Half of them come from IPv4 addresses and half from IPv6."""


def test_no_mark_is_where_it_may_not_be(few: Lives) -> None:
    hits = leaks(few, files=True)
    assert hits == [], as_found(hits)


def test_what_the_table_allows_is_there_so_the_scan_does_see(few: Lives) -> None:
    seen = {(where.partition(" to ")[0], kind) for where, kind in joined.seen(few)}
    assert {("mail", "sender"), ("mail", "recipient"), ("mail", "message"), ("moderators' page", "message")} <= seen


def test_nothing_joins_a_sender_s_mail_with_a_recipient_s(few: Lives) -> None:
    assert joined.in_mails(few) == set()
    assert joined.in_topics(few) == set()


def test_what_is_on_the_disk_is_seen_even_after_it_was_deleted(few: Lives) -> None:
    assert joined.planted_in_files(few) == {"the services' server", "audit's server"}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_mark_of_hundreds_of_people_is_where_it_may_not_be(alive: World) -> None:
    lives = lived(alive, ALL)
    hits = leaks(lives, files=True)
    assert hits == [], as_found(hits)
    assert joined.in_mails(lives) == set()
    assert joined.in_topics(lives) == set()
