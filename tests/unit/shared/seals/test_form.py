"""Known answers of the derivations, which other implementations can check."""

import hashlib

from shared.seals.form import commit, pad, share, unpad, wrapping_key


def test_known_answers_of_the_derivations() -> None:
    record_id, secret = bytes(range(16)), bytes(range(32))
    released = share(secret, "origin", record_id)
    assert released.hex() == "9721b8f8d5166e6c58d55fcd9825c218799cb269824913998d745e1fa2fa8026"
    one_step = hashlib.sha256(b"\x00\x00\x00\x01" + released + b"leak wrap").digest()
    assert wrapping_key([released]) == one_step
    assert commit(secret, record_id) == hashlib.sha256(b"leak commitment\x00" + record_id + secret).digest()
    assert pad(b"abc", (8,)) == b"\x00\x00\x00\x03abc\x00"
    assert unpad(pad(b"abc", (8,))) == b"abc"
