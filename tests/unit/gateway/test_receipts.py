"""Receipts survive being copied by hand, and every small slip is noticed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.receipts import ALPHABET, IdempotencyKey, KeyRefused, Receipt, request_digest
from shared.seals.contents import Note
from shared.seals.errors import SealBroken
from shared.seals.keys import Key, KeyHistory, key_id
from shared.seals.receipt import seal_note

KNOWN = {
    "text": "0004-1061-050R-3GG2-8A1C-60T3-GF5E",
    "leak_id": "c310c0776c074160b4532804f65034c8",
    "public_key": "dC2fONJMzt-vk0I4lcLmHCEDxtMaBIAOtA3SOmyE7Go",
}
seeds = st.binary(min_size=16, max_size=16)


@given(seeds)
def test_a_receipt_reads_back(seed):
    receipt = Receipt(seed)
    assert Receipt.read(receipt.text) == receipt
    assert [len(group) for group in receipt.text.split("-")] == [4] * 7


@given(seeds, st.randoms())
def test_case_grouping_and_look_alikes_do_not_matter(seed, random):
    text = Receipt(seed).text.replace("0", random.choice("0oO")).replace("1", random.choice("1iIlL"))
    separator = random.choice(["", " ", "-", " - ", "\n", "\u2013", "\u00a0"])
    typed = f"  {separator.join(text.lower().split('-'))}\t"
    assert Receipt.read(typed) == Receipt(seed)


@given(seeds, st.integers(0, 27), st.sampled_from(ALPHABET))
def test_every_single_wrong_symbol_is_noticed(seed, place, symbol):
    symbols = Receipt(seed).text.replace("-", "")
    wrong = symbols[:place] + symbol + symbols[place + 1 :]
    assert (Receipt.read(wrong) is None) is (wrong != symbols)


@given(seeds, st.integers(0, 26))
def test_every_two_swapped_neighbours_are_noticed(seed, place):
    symbols = Receipt(seed).text.replace("-", "")
    swapped = symbols[:place] + symbols[place + 1] + symbols[place] + symbols[place + 2 :]
    assert (Receipt.read(swapped) is None) is (swapped != symbols)


@pytest.mark.parametrize("text", ["", "nonsense", "0" * 27, "0" * 29, "U" * 28, "Z" * 28, "é" * 28, "0" * 100_000])
def test_what_is_no_receipt_reads_as_none(text):
    assert Receipt.read(text) is None


@given(st.text(max_size=200))
def test_reading_never_raises(text):
    Receipt.read(text)


def test_known_answers():
    receipt = Receipt(bytes(range(16)))
    assert receipt.text == KNOWN["text"]
    assert receipt.leak_id == KNOWN["leak_id"]
    assert receipt.public_key == KNOWN["public_key"]


def test_the_parts_of_a_receipt_do_not_tell_one_another():
    receipt = Receipt.fresh()
    assert receipt.seed.hex() != receipt.leak_id
    assert len({receipt.leak_id, receipt.public_key, receipt.text}) == 3
    assert receipt.text not in repr(receipt)
    assert receipt.seed.hex() not in repr(receipt)


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RANDOM = "AbCdEfGhIjKlMnOpQrStUv"


def key(text=f"20261123-{RANDOM}", user="form", now=NOON):
    return IdempotencyKey.read(text, user, now)


def history(*materials):
    days = [datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 11, 23, 6, tzinfo=UTC)]
    return KeyHistory.of(Key(key_id(one), day, one) for one, day in zip(materials, days, strict=False))


def test_a_repeatable_receipt_needs_the_key_its_user_the_request_and_the_secret():
    digest, secrets = request_digest("a", "b"), history(b"s" * 32)
    receipts = [
        Receipt.repeatable(secrets, key(), digest),
        Receipt.repeatable(secrets, key(), digest),
        Receipt.repeatable(history(b"t" * 32), key(), digest),
        Receipt.repeatable(secrets, key(f"20261124-{RANDOM}"), digest),
        Receipt.repeatable(secrets, key(f"20261123-{RANDOM}w"), digest),
        Receipt.repeatable(secrets, key(user="client a"), digest),
        Receipt.repeatable(secrets, key(), request_digest("a", "c")),
    ]
    assert receipts[0] == receipts[1]
    assert len({receipt.leak_id for receipt in receipts}) == 6


def test_a_rotation_of_the_secret_changes_no_receipt_of_that_day():
    digest = request_digest("a", "b")
    before = Receipt.repeatable(history(b"s" * 32), key(), digest)
    assert Receipt.repeatable(history(b"s" * 32, b"t" * 32), key(), digest) == before


def test_parts_of_a_request_can_not_run_into_each_other():
    assert request_digest("ab", "c") != request_digest("a", "bc")
    assert request_digest("a", "") != request_digest("", "a")


@pytest.mark.parametrize(
    "text",
    [
        RANDOM,
        f"20261123-{RANDOM[:21]}",
        f"20261123-{'a' * 22}",
        f"20261123-{'a' * 201}",
        "20261123-a b a b a b a b a b a b",
        f"20261123-{'é' * 30}",
        f"20261121-{RANDOM}",
        f"20261125-{RANDOM}",
        f"20261399-{RANDOM}",
    ],
)
def test_an_idempotency_key_that_is_old_or_weak_is_refused(text):
    with pytest.raises(KeyRefused):
        key(text)


def test_only_its_own_receipt_opens_a_note():
    receipt, other = Receipt.fresh(), Receipt.fresh()
    sealed = seal_note(receipt.public_key, receipt.leak_id, Note())
    assert receipt.open_note(sealed) == Note()
    for wrong in (sealed[:-4] + "AAAA", "", "not base64!", seal_note(receipt.public_key, other.leak_id, Note())):
        with pytest.raises(SealBroken):
            receipt.open_note(wrong)
    with pytest.raises(SealBroken):
        other.open_note(sealed)
