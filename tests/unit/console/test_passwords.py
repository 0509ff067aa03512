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
    queue = passwords.ComparingQueue(at_once=1, waiting=0)
    stored = passwords.hashed("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert await queue.matches(stored, "correct horse battery")
    assert not await queue.matches(stored, "correct horse batterx")
    assert not await queue.matches(None, "correct horse battery")
    assert not await queue.matches("not a hash", "correct horse battery")


async def test_as_many_wait_as_may_and_the_next_one_is_turned_away():
    queue = passwords.ComparingQueue(at_once=1, waiting=2)
    with queue.place(), queue.place():
        with queue.place(), pytest.raises(passwords.TooBusy), queue.place():
            pass
        # Whoever leaves makes room.
        with queue.place():
            pass
