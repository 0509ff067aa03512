"""A digest stands for a mailbox under a key and a table that it names; a look-up asks for all of them."""

from datetime import timedelta

from pydantic import TypeAdapter

from shared.address_digests import AddressDigests
from shared.events.values import AddressDigest
from shared.seals.keys import Key, KeyHistory, key_id
from tests.support.pairs import NOON

OLD = Key(key_id(b"o" * 32), NOON, b"o" * 32)
NEW = Key(key_id(b"n" * 32), NOON + timedelta(hours=1), b"n" * 32)


def digests(*keys: Key, label: str = "address") -> AddressDigests:
    return AddressDigests(lambda: KeyHistory.of(keys), label)


def test_a_digest_names_its_key_and_its_table() -> None:
    digest = digests(OLD).current("anna@example.org", NOON)
    assert TypeAdapter(AddressDigest).validate_python(digest) == digest
    assert digest.split(".")[:2] == ["1", OLD.id]


def test_all_spellings_have_one_digest() -> None:
    assert digests(OLD).current("a.nna@gmail.com", NOON) == digests(OLD).current("Anna+x@googlemail.com", NOON)


def test_a_look_up_after_a_rotation_finds_what_was_stored_before() -> None:
    stored = digests(OLD).current("anna@example.org", NOON)
    rotated = digests(OLD, NEW)
    assert rotated.current("anna@example.org", NOON + timedelta(hours=2)) != stored
    assert stored in rotated.every("anna@example.org")
    assert rotated.every("anna@example.org")[0] == rotated.current("anna@example.org", NOON + timedelta(hours=2))


def test_uses_of_one_key_are_kept_apart() -> None:
    assert digests(OLD).current("anna@example.org", NOON) != digests(OLD, label="sender").current(
        "anna@example.org", NOON
    )


def test_a_domain_has_a_digest_of_its_own() -> None:
    one, other = (digests(OLD).domain(f"{name}@example.org", NOON) for name in ("anna", "ben"))
    assert one == other != digests(OLD).current("anna@example.org", NOON)
