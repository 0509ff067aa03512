"""Seals hold: what is bound, what is refused, and that only a purpose's readers open it."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.digests import to_base64url
from shared.events.topics import PROCESSES
from shared.runtime.memory import OVERWRITING
from shared.seals import contents
from shared.seals.errors import SealBroken
from shared.seals.form import parse, share, verify
from shared.seals.opening import unwrap, window_secret
from shared.seals.purposes import MESSAGE, ORIGIN, PURPOSES, RECIPIENT, SENDER
from shared.seals.sealing import WINDOW_MAX_RECORDS, Sealer
from tests.support import keys, memory

LEAK = secrets.token_hex(16)
SAMPLES = {
    "origin": contents.Origin(
        ip="192.0.2.7",
        port=50123,
        destination_ip=None,
        destination_port=None,
        captured_at_ns="1764500000000000000",
        obtained="socket",
        claimed_ip=None,
        sender="anna@example.org",
        content_digest="0" * 64,
    ),
    "sender": contents.SenderAddress(address="anna@example.org"),
    "recipient": contents.RecipientAddress(address="ben@example.org"),
    "pseudonyms": contents.RecipientPseudonyms(digests=(f"1.{'0' * 16}.{'a' * 64}",) * 4),
    "message": contents.Message(text='You "sing"\nin the lift. Née 🎉'),
    "challenge": contents.Challenge(address="anna@example.org", confirm_token="c" * 22, stop_token="s" * 22),
    "report-link": contents.ReportLink(token="t" * 120),
    "report-details": contents.ReportDetails(text=""),
    "threat": contents.Threat(text="x" * 2_000, policy="threat"),
}


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.now = datetime(2026, 11, 23, 23, 59, 59, 500_000, tzinfo=UTC)

    def forward(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keys.make(tmp_path_factory.mktemp("secrets"))


def timed(folder: Path, time: Time) -> Sealer:
    signing = keys.keys_of(folder, "gateway-accept", "signing")
    ring = keys.keyring(folder)
    return Sealer("gateway-accept", signing, ring, monotonic=lambda: time.seconds, now=lambda: time.now)


def recipient(folder: Path, text: str = "ben@example.org") -> str:
    return keys.sealer(folder, "gateway-accept").seal(RECIPIENT, LEAK, contents.RecipientAddress(address=text))


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=2_000))
def test_a_reader_opens_exactly_what_was_sealed(folder: Path, text: str) -> None:
    sealed = keys.sealer(folder, "gateway-accept").seal(MESSAGE, LEAK, contents.Message(text=text))
    for reader in ("moderation", "mailer-letters"):
        assert keys.opener(folder, reader).open(MESSAGE, LEAK, sealed).text == text


@pytest.mark.parametrize("name", sorted(set(PURPOSES) - {"origin"}))
def test_only_the_readers_of_a_purpose_open_it(folder: Path, name: str) -> None:
    purpose = PURPOSES[name]
    sealed = keys.sealer(folder, purpose.writer).seal(purpose, LEAK, SAMPLES[name])
    for reader in ("verifier", "moderation", "mailer-letters", "mailer-confirmations", "audit"):
        if reader in purpose.readers:
            assert keys.opener(folder, reader).open(purpose, LEAK, sealed) == SAMPLES[name]
        else:
            with pytest.raises(SealBroken):
                keys.opener(folder, reader).open(purpose, LEAK, sealed)


@pytest.mark.parametrize("name", sorted(PURPOSES))
def test_only_the_writer_of_a_purpose_seals_it(folder: Path, name: str) -> None:
    for writer in {"gateway-accept", "verifier", "moderation"} - {PURPOSES[name].writer}:
        with pytest.raises(ValueError, match="alone"):
            keys.sealer(folder, writer).seal(PURPOSES[name], LEAK, SAMPLES[name])


def test_the_shared_opener_refuses_an_origin_even_with_audits_key(folder: Path) -> None:
    sealed = keys.sealer(folder, "gateway-accept").seal(ORIGIN, LEAK, SAMPLES["origin"])
    with pytest.raises(SealBroken, match="another purpose"):
        keys.opener(folder, "audit").open(ORIGIN, LEAK, sealed)


def test_a_seal_about_one_leak_does_not_open_as_another(folder: Path) -> None:
    with pytest.raises(SealBroken):
        keys.opener(folder, "mailer-letters").open(RECIPIENT, secrets.token_hex(16), recipient(folder))


def test_every_changed_byte_is_refused(folder: Path) -> None:
    sealed = recipient(folder)
    for at in range(4, len(sealed), 7):
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(SealBroken):
            keys.opener(folder, "mailer-letters").open(RECIPIENT, LEAK, sealed[:at] + other + sealed[at + 1 :])


@given(st.text(max_size=300))
def test_what_is_no_seal_is_refused_and_never_an_exception_of_another_kind(text: str) -> None:
    with pytest.raises(SealBroken):
        parse(text)


def test_a_window_signed_by_nobody_we_know_is_refused(folder: Path, tmp_path: Path) -> None:
    stranger = keys.make(tmp_path)
    signing = keys.keys_of(stranger, "gateway-accept", "signing")
    sealed = Sealer("gateway-accept", signing, keys.keyring(folder)).seal(RECIPIENT, LEAK, SAMPLES["recipient"])
    with pytest.raises(SealBroken, match="known writer"):
        keys.opener(folder, "mailer-letters").open(RECIPIENT, LEAK, sealed)


def test_a_forged_signature_is_refused(folder: Path) -> None:
    suite, header, signature, record = recipient(folder).split(".")
    forged = ".".join([suite, header, to_base64url(bytes(64)), record])
    assert len(signature) == len(to_base64url(bytes(64)))
    with pytest.raises(SealBroken, match="signature"):
        verify(parse(forged), keys.keyring(folder)(), writer="gateway-accept", stored_at=datetime.now(UTC))


def test_two_records_share_no_key_and_no_bytes_even_with_one_plaintext(folder: Path) -> None:
    sealer = keys.sealer(folder, "gateway-accept")
    first, second = (parse(sealer.seal(ORIGIN, LEAK, SAMPLES["origin"])) for _ in range(2))
    assert first.header_bytes == second.header_bytes
    assert first.record_id != second.record_id
    assert first.ciphertext != second.ciphertext
    assert first.wraps != second.wraps


def test_the_length_of_an_address_tells_nothing(folder: Path) -> None:
    assert len({len(recipient(folder, "x" * size)) for size in (1, 40, 300)}) == 1


def test_a_text_too_long_to_pad_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="too long"):
        recipient(folder, "x" * 400)


def test_a_window_ends_with_its_second_its_records_and_its_day(folder: Path) -> None:
    time = Time()
    sealer = timed(folder, time)

    def window() -> object:
        return parse(sealer.seal(SENDER, LEAK, SAMPLES["sender"])).header["window"]

    first = window()
    assert window() == first
    time.forward(0.6)  # past midnight, within the second
    second = window()
    assert second != first
    time.forward(1.1)
    third = window()
    assert third != second
    for _ in range(WINDOW_MAX_RECORDS - 1):
        assert window() == third
    assert window() != third


def test_one_released_share_opens_one_record_and_nothing_else_of_its_window(folder: Path) -> None:
    sealer = keys.sealer(folder, "gateway-accept")
    first, second = (
        parse(sealer.seal(RECIPIENT, LEAK, contents.RecipientAddress(address=text))) for text in ("first", "second")
    )
    secret = window_secret(keys.keys_of(folder, "mailer-letters", "opening"), *first.sealed_secret("mailer-letters"))
    released = share(secret, "recipient", first.record_id)
    assert b"first" in unwrap(first, LEAK, {"mailer-letters": released})
    with pytest.raises(SealBroken):
        unwrap(second, LEAK, {"mailer-letters": released})


def test_without_a_share_nothing_opens(folder: Path) -> None:
    with pytest.raises(SealBroken, match="not enough shares"):
        unwrap(parse(recipient(folder)), LEAK, {})


def test_every_process_that_opens_something_has_a_key_for_it() -> None:
    readers = {reader for purpose in PURPOSES.values() for reader in purpose.readers}
    assert readers <= set(PROCESSES)


def test_what_is_inside_shows_in_no_repr() -> None:
    assert "anna" not in f"{SAMPLES['sender']!r} {SAMPLES['sender']} {SAMPLES['origin']!r}"


OPENS = """
from shared.seals.opening import content_of
from shared.seals.purposes import SENDER
for _ in range(2):
    content_of(SENDER, b'{"address": "' + secret + b'@example.org"}')
done()
"""


@pytest.mark.skipif(bool(memory.forbidden()), reason=str(memory.forbidden()))
def test_nothing_that_was_opened_is_remembered() -> None:
    with memory.process(OPENS, OVERWRITING) as (pid, name):
        assert not memory.holds(pid, name)
