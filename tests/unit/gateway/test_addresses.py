"""A second look at two addresses: slips in a provider's name, oneself, one employer."""

import pytest

from services.gateway.acts import Draft
from services.gateway.addresses import Hints, hints, meant

NOTHING = Hints(to_oneself=False, shared_domain=None, meant_for_recipient=None, meant_for_sender=None)


def between(sender: str, recipient: str) -> Hints:
    return hints(Draft(sender=sender, recipient=recipient))


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.comm", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("ggmail.com", "gmail.com"),
        ("gmail.fr", "gmail.com"),
        ("hotmial.fr", "hotmail.fr"),
        ("hotmai.com", "hotmail.com"),
        ("outlok.fr", "outlook.fr"),
        ("yaho.fr", "yahoo.fr"),
        ("orange.ft", "orange.fr"),
        ("laposte.fr", "laposte.net"),
        ("wanado.fr", "wanadoo.fr"),
    ],
)
def test_a_slip_names_the_provider_that_was_meant(typed: str, right: str) -> None:
    assert meant(typed) == right


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com",
        "ymail.com",
        "mail.com",
        "email.com",
        "yahoo.ie",
        "hotmail.co.uk",
        "example.org",
        "leak.example",
        "gm.com",
    ],
)
def test_a_domain_that_is_what_it_should_be_is_no_slip(domain: str) -> None:
    assert meant(domain) is None


@pytest.mark.parametrize("domain", ["gmail.com", "free.fr", "proton.me", "hotmail.fr"])
def test_two_people_at_a_public_provider_share_no_employer(domain: str) -> None:
    assert between(f"me@{domain}", f"you@{domain}") == NOTHING


def test_two_people_at_one_employer_are_told_of_it() -> None:
    assert between("me@Example.org", "you@example.ORG").shared_domain == "example.org"
    assert between("me@example.org", "you@example.com") == NOTHING


def test_writing_to_oneself_is_said_instead_of_the_shared_domain() -> None:
    found = between("Me@example.org", "me@EXAMPLE.org")
    assert found.to_oneself
    assert found.shared_domain is None


def test_each_address_has_its_own_slip() -> None:
    found = between("me@gmial.com", "you@hotmial.fr")
    assert (found.meant_for_sender, found.meant_for_recipient) == ("gmail.com", "hotmail.fr")
