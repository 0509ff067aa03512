"""A token, however people bring it back."""

import pytest

from services.gateway.links import token_of

TOKEN = "d0oZt3yq0bj4fdxImTepHw"


@pytest.mark.parametrize(
    "typed",
    [
        TOKEN,
        f" {TOKEN} ",
        f"{TOKEN}?lang=en",
        f"https://leak.example/block/{TOKEN}?lang=fr",
        f"/stop/{TOKEN}/#there",
    ],
)
def test_the_token_is_found_in_what_people_paste(typed: str) -> None:
    assert token_of(typed) == TOKEN


@pytest.mark.parametrize("typed", ["", "/", "?", "http://[", "\x00"])
def test_what_holds_no_token_is_no_error(typed: str) -> None:
    assert len(token_of(typed)) <= 1 or token_of(typed) == "["
