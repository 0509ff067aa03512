"""Signed batches: one signature for a Merkle root, one short path for each record (RFC 9162, sections 2.1.1 to 2.1.3).

Whoever keeps a record with its proof can show at any time that the writer published it under this subject; nobody
without the writer's signing key can add, swap or invent one.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.digests import from_base64url, to_base64url
from shared.events.origins import BatchProof, UnprovenOrigin
from shared.seals.errors import SealBroken
from shared.seals.form import check_signature
from shared.seals.keys import Keyring, KeySource

_LEAF, _NODE = b"\x00", b"\x01"
_SIGNED = b"leak batch v1\n"


def origin_leaf(captured: UnprovenOrigin) -> bytes:
    """What a batch holds of an origin: the leak, the time, and the digest of the sealed record."""
    return origin_leaf_of(captured.leak_id, captured.captured_at, captured.sealed_origin)


def origin_leaf_of(leak_id: str, captured_at: datetime, sealed_origin: str) -> bytes:
    """The same from its parts; the time counts in whole seconds, as the event has it."""
    digest = hashlib.sha256(sealed_origin.encode()).hexdigest()
    at = captured_at.astimezone(UTC).isoformat(timespec="seconds")
    return f"leak origin v1\n{leak_id}\n{at}\n{digest}".encode()


class BatchSigner:
    """Signs for one writer, under the signing key that it has now."""

    def __init__(self, signing: KeySource, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._signing = signing
        self._now = now

    def sign(self, leaves: Sequence[bytes]) -> list[BatchProof]:
        """One proof a leaf, in order. KeyMissing without a valid key."""
        if not leaves:
            return []
        levels = _levels([hashlib.sha256(_LEAF + leaf).digest() for leaf in leaves])
        key = self._signing().current(self._now())
        signed = _signed_bytes(levels[-1][0], len(leaves))
        signature = to_base64url(Ed25519PrivateKey.from_private_bytes(key.material).sign(signed))
        return [
            # Unchecked, because every value is of our own making; tests read them back through the model.
            BatchProof.model_construct(
                key_id=key.id, signature=signature, size=len(leaves), index=index, path=_path(levels, index)
            )
            for index in range(len(leaves))
        ]


def check(leaf: bytes, proof: BatchProof, keyring: Keyring, *, writer: str, stored_at: datetime) -> None:
    """SealBroken unless the leaf stands in a batch that `writer` signed with a key good at the time of storing."""
    root = _root(hashlib.sha256(_LEAF + leaf).digest(), proof)
    signature = from_base64url(proof.signature)
    check_signature(keyring, writer, proof.key_id, signature, _signed_bytes(root, proof.size), stored_at)


def _signed_bytes(root: bytes, size: int) -> bytes:
    return _SIGNED + size.to_bytes(8, "big") + root


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    # A lone last node goes up as it is, which makes the trees of RFC 9162.
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        level = [hashlib.sha256(_NODE + left + right).digest() for left, right in pairs]
        levels.append([*level, below[-1]] if len(below) % 2 else level)
    return levels


def _path(levels: list[list[bytes]], index: int) -> tuple[str, ...]:
    path = []
    for level in levels[:-1]:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside].hex())
        index >>= 1
    return tuple(path)


def _root(node: bytes, proof: BatchProof) -> bytes:
    """The root that leaf and path lead to. SealBroken when the path is not one of such a tree."""
    if proof.index >= proof.size:
        raise SealBroken("a place outside of its batch")
    rest = list(proof.path)
    index, last = proof.index, proof.size - 1
    while last > 0:
        if index % 2 or index < last:
            if not rest:
                raise SealBroken("a path that is too short")
            beside = bytes.fromhex(rest.pop(0))
            pair = beside + node if index % 2 else node + beside
            node = hashlib.sha256(_NODE + pair).digest()
        index, last = index >> 1, last >> 1
    if rest:
        raise SealBroken("a path that is too long")
    return node
