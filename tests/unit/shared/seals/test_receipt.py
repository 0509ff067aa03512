"""What is sealed to a receipt has one length, with words and without."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.digests import to_base64url
from shared.seals.contents import Note, Statement
from shared.seals.errors import SealBroken
from shared.seals.receipt import open_note, seal_note

PRIVATE = X25519PrivateKey.from_private_bytes(b"r" * 32)
KEY = to_base64url(PRIVATE.public_key().public_bytes_raw())


def note(reasons: str) -> Note:
    return Note(
        statement=Statement(
            policy="threat", title="A threat", reasons=reasons, redress="Object.", language="en", automated=True
        )
    )


def test_every_note_has_one_length() -> None:
    notes = (Note(), note("x"), note("é" * 1_500))
    assert len({len(seal_note(KEY, "a" * 32, one)) for one in notes}) == 1


def test_a_note_opens_for_its_leak_alone() -> None:
    sealed = seal_note(KEY, "a" * 32, note("why"))
    assert open_note(PRIVATE, "a" * 32, sealed) == note("why")
    with pytest.raises(SealBroken):
        open_note(PRIVATE, "b" * 32, sealed)


def test_a_note_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        seal_note(KEY, "a" * 32, note("é" * 2_500))
