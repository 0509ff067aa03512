"""One signature for a batch: every record of it can be proven, and nothing else can."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.origins import BatchProof
from shared.seals.batches import BatchSigner, check, origin_leaf_of
from shared.seals.errors import SealBroken
from shared.seals.keys import Keyring
from tests.support.pairs import NOON, WRITER, signing_pair

SECRET, RING = signing_pair(b"w" * 32)
OTHER_SECRET, OTHER_RING = signing_pair(b"o" * 32)


def proven(leaf: bytes, proof: BatchProof, ring: Keyring = RING) -> bool:
    try:
        check(leaf, proof, ring, writer=WRITER, stored_at=NOON)
    except SealBroken:
        return False
    return True


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_each_leaf_of_a_batch_of_any_size_is_proven_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    proofs = BatchSigner(lambda: SECRET, now=lambda: NOON).sign(leaves)
    assert all(proven(leaf, proof) for leaf, proof in zip(leaves, proofs, strict=True))
    at = data.draw(st.integers(0, len(leaves) - 1))
    proof = BatchProof.model_validate(proofs[at].model_dump())
    assert not proven(leaves[at] + b"x", proof)
    for other in range(len(leaves)):
        if leaves[other] != leaves[at]:
            assert not proven(leaves[other], proof)


@given(st.integers(2, 40), st.data())
def test_a_changed_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = [str(number).encode() for number in range(size)]
    at = data.draw(st.integers(0, size - 1))
    proof = BatchSigner(lambda: SECRET, now=lambda: NOON).sign(leaves)[at]
    changes = [
        {"path": proof.path[:-1]},
        {"path": (*proof.path, "0" * 64)},
        {"path": ("0" * 64, *proof.path[1:])},
        {"size": proof.size + 1},
        {"index": proof.size},
        {"key_id": "0" * 16},
        {"signature": "A" * 86},
    ]
    assert not any(proven(leaves[at], proof.model_copy(update=change)) for change in changes)


def test_a_batch_that_somebody_else_signed_is_refused() -> None:
    [proof] = BatchSigner(lambda: OTHER_SECRET, now=lambda: NOON).sign([b"leaf"])
    assert not proven(b"leaf", proof)
    assert proven(b"leaf", proof, OTHER_RING)


def test_no_records_need_no_signature() -> None:
    assert BatchSigner(lambda: SECRET, now=lambda: NOON).sign([]) == []


@pytest.mark.parametrize(
    "other",
    [
        ("b" * 32, NOON, "sealed"),
        ("a" * 32, datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC), "sealed"),
        ("a" * 32, NOON, "s"),
    ],
)
def test_a_leaf_binds_leak_time_and_record(other: tuple[str, datetime, str]) -> None:
    assert origin_leaf_of(*other) != origin_leaf_of("a" * 32, NOON, "sealed")
