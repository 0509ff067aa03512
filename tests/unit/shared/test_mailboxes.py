"""Every spelling of a mailbox counts as one."""

import pytest

from shared.mailboxes import CURRENT, TABLES, canonical, domain_of

ONE_MAILBOX = [
    ["patsmith@gmail.com", "pat.smith@gmail.com", "P.a.t.Smith@GoogleMail.com", "patsmith+leak@gmail.com"],
    ["pat@proton.me", "p.a-t@protonmail.com", "p_at+x@pm.me"],
    ["pat@icloud.com", "pat@me.com", "PAT+x@mac.com"],
    ["pat@example.org", "Pat@EXAMPLE.org.", " pat+1@example.org "],
    ["pat@bücher.example", "pat@xn--bcher-kva.example"],
]
APART = [
    ("pat.smith@example.org", "patsmith@example.org"),
    ("pat@outlook.com", "pat@hotmail.com"),
    ("p-at@gmail.com", "pat@gmail.com"),
    ("p.at@icloud.com", "pat@icloud.com"),
]


@pytest.mark.parametrize("spellings", ONE_MAILBOX)
def test_spellings_of_one_mailbox_are_one(spellings: list[str]) -> None:
    assert len({canonical(one) for one in spellings}) == 1


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("odd", ["", "@", "pat", "+@gmail.com", "...@gmail.com", "é@é", "a@b@c"])
def test_what_is_no_address_has_a_spelling_too(odd: str) -> None:
    assert canonical(odd) == canonical(odd)


def test_a_provider_is_in_no_two_rows_of_a_version() -> None:
    assert max(TABLES) == CURRENT
    for table in TABLES.values():
        assert all(provider.domain in table for provider in table.values())


def test_a_domain_has_one_spelling() -> None:
    assert domain_of("pat@Bücher.Example.") == "xn--bcher-kva.example"
