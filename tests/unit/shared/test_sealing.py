"""Seals hold: what is bound, what is refused, and the known answers that other implementations can check."""

import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from shared.sealing import (
    PURPOSES,
    WINDOW_MAX_RECORDS,
    Keyring,
    SealBroken,
    Sealer,
    commit,
    key_id,
    pad,
    parse,
    share,
    verify,
    wrapping_key,
)
from shared.unsealing import WRITERS, Opener, unwrap

from shared.digests import from_base64url, to_base64url

READERS = {name: X25519PrivateKey.generate() for name in ("verifier", "moderation", "mailer", "audit")}
WRITER_KEYS = {name: Ed25519PrivateKey.generate() for name in ("gateway", "verifier", "moderation")}


def entry(public: bytes) -> tuple[str, bytes]:
    return key_id(public), public


KEYRING = Keyring(
    {name: entry(key.public_key().public_bytes_raw()) for name, key in READERS.items()},
    {name: entry(key.public_key().public_bytes_raw()) for name, key in WRITER_KEYS.items()},
)
LEAK = secrets.token_hex(16)


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.now = datetime(2026, 11, 23, 23, 59, 59, 500_000, tzinfo=UTC)

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)


def sealer(writer: str = "gateway", time: Time | None = None) -> Sealer:
    time = time or Time()
    key = WRITER_KEYS[writer].private_bytes_raw()
    return Sealer(writer, key, KEYRING, monotonic=lambda: time.seconds, now=lambda: time.now)


def opener(reader: str) -> Opener:
    return Opener(reader, READERS[reader].private_bytes_raw(), KEYRING)


@given(st.binary(max_size=8_444))
def test_a_reader_opens_exactly_what_was_sealed(plaintext: bytes) -> None:
    sealed = sealer().seal("message", LEAK, plaintext)
    assert opener("moderation").open("message", LEAK, sealed) == plaintext
    assert opener("mailer").open("message", LEAK, sealed) == plaintext


@pytest.mark.parametrize("purpose", [purpose for purpose in PURPOSES if purpose != "origin"])
def test_only_the_readers_of_a_purpose_open_it(purpose: str) -> None:
    sealed = sealer(WRITERS[purpose]).seal(purpose, LEAK, b"x")
    for reader in READERS:
        if reader in PURPOSES[purpose].readers:
            assert opener(reader).open(purpose, LEAK, sealed) == b"x"
        else:
            with pytest.raises(SealBroken):
                opener(reader).open(purpose, LEAK, sealed)


def test_the_shared_opener_refuses_an_origin_even_with_audits_key() -> None:
    sealed = sealer().seal("origin", LEAK, b"x")
    with pytest.raises(SealBroken, match="another purpose"):
        opener("audit").open("origin", LEAK, sealed)


def test_a_seal_about_one_leak_does_not_open_as_another() -> None:
    sealed = sealer().seal("recipient", LEAK, b"x")
    with pytest.raises(SealBroken):
        opener("mailer").open("recipient", secrets.token_hex(16), sealed)


def test_every_changed_byte_is_refused() -> None:
    sealed = sealer().seal("recipient", LEAK, b"x")
    for at in range(4, len(sealed), 7):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(SealBroken):
            opener("mailer").open("recipient", LEAK, sealed[:at] + other + sealed[at + 1 :])


@given(st.text(max_size=300))
def test_what_is_no_seal_is_refused_and_never_an_exception_of_another_kind(text: str) -> None:
    with pytest.raises(SealBroken):
        parse(text)


def test_a_window_signed_by_nobody_we_know_is_refused() -> None:
    stranger = Sealer("gateway", Ed25519PrivateKey.generate().private_bytes_raw(), KEYRING)
    with pytest.raises(SealBroken, match="known writer"):
        opener("mailer").open("recipient", LEAK, stranger.seal("recipient", LEAK, b"x"))


def test_a_writer_cannot_seal_what_another_one_writes() -> None:
    sealed = sealer("verifier").seal("recipient", LEAK, b"x")
    with pytest.raises(SealBroken, match="known writer"):
        opener("mailer").open("recipient", LEAK, sealed)


def test_a_forged_signature_is_refused() -> None:
    suite, header, signature, record = sealer().seal("origin", LEAK, b"x").split(".")
    forged = ".".join([suite, header, to_base64url(bytes(64)), record])
    assert len(signature) == len(to_base64url(bytes(64)))
    with pytest.raises(SealBroken, match="signature"):
        verify(parse(forged), KEYRING, writer="gateway")


def test_two_records_share_no_key_and_no_bytes_even_with_one_plaintext() -> None:
    one_sealer = sealer()
    first, second = (parse(one_sealer.seal("origin", LEAK, b"same")) for _ in range(2))
    assert first.header_bytes == second.header_bytes
    assert first.record_id != second.record_id
    assert first.ciphertext != second.ciphertext
    assert first.wraps != second.wraps


def test_the_length_of_an_origin_tells_nothing() -> None:
    assert len({len(sealer().seal("origin", LEAK, bytes(size))) for size in (0, 40, 1_000)}) == 1


def test_a_text_too_long_to_pad_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        sealer().seal("sender", LEAK, bytes(400))


def test_a_window_ends_with_its_second_its_records_and_its_day() -> None:
    time = Time()
    one_sealer = sealer(time=time)

    def window() -> object:
        return parse(one_sealer.seal("sender", LEAK, b"x")).header["window"]

    first = window()
    assert window() == first
    time.pass_(0.6)  # past midnight, within the second
    second = window()
    assert second != first
    time.pass_(1.1)
    third = window()
    assert third != second
    for _ in range(WINDOW_MAX_RECORDS - 1):
        assert window() == third
    assert window() != third


def test_an_idle_sealer_forgets_its_secrets() -> None:
    time = Time()
    one_sealer = sealer(time=time)
    one_sealer.seal("sender", LEAK, b"x")
    time.pass_(1.1)
    one_sealer.drop_stale()
    assert not one_sealer._windows


def test_one_released_share_opens_one_record_and_nothing_else_of_its_window() -> None:
    one_sealer = sealer()
    first, second = (parse(one_sealer.seal("recipient", LEAK, text)) for text in (b"first", b"second"))
    secret = opener("mailer")._open_secret(*first.sealed_secret("mailer"))
    released = share(secret, "recipient", first.record_id)
    assert unwrap(first, LEAK, {"mailer": released}) == b"first"
    with pytest.raises(SealBroken):
        unwrap(second, LEAK, {"mailer": released})


def test_without_a_share_nothing_opens() -> None:
    with pytest.raises(SealBroken, match="not enough shares"):
        unwrap(parse(sealer().seal("recipient", LEAK, b"x")), LEAK, {})


def test_known_answers_of_the_derivations() -> None:
    record_id, secret = bytes(range(16)), bytes(range(32))
    released = share(secret, "origin", record_id)
    assert released.hex() == "9721b8f8d5166e6c58d55fcd9825c218799cb269824913998d745e1fa2fa8026"
    one_step = hashlib.sha256(b"\x00\x00\x00\x01" + released + b"leak wrap").digest()
    assert wrapping_key([released]) == one_step
    assert commit(secret, record_id) == hashlib.sha256(b"leak commitment\x00" + record_id + secret).digest()
    assert pad(b"abc", (8,)) == b"\x00\x00\x00\x03abc\x00"


def test_the_header_names_suite_purpose_window_keys_and_access() -> None:
    header = json.loads(from_base64url(sealer().seal("message", LEAK, b"x").split(".")[1]))
    assert {"suite", "purpose", "window", "day", "writer", "writer_key", "access", "readers"} == set(header)
    assert header["access"] == [["moderation"], ["mailer"]]
