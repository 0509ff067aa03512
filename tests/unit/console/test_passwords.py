"""Passwords: strong when made, refused when weak, compared even when there is nothing to compare with."""

import pytest

from shared.console import passwords


async def test_a_made_password_is_long_typable_and_never_the_same():
    made = {passwords.generate() for _ in range(20)}
    assert len(made) == 20
    assert all(len(one.replace("-", "")) == 30 for one in made)


@pytest.mark.parametrize("weak", ["", "fourteen chars", "x" * 257])
def test_a_weak_or_endless_password_is_refused(weak: str):
    with pytest.raises(passwords.PasswordRefused):
        passwords.hashed(weak)


async def test_only_the_right_password_matches():
    stored = passwords.hashed("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert await passwords.matches(stored, "correct horse battery")
    assert not await passwords.matches(stored, "correct horse batterx")
    assert not await passwords.matches(None, "correct horse battery")
    assert not await passwords.matches("not a hash", "correct horse battery")
