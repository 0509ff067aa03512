"""What makes a sealed origin evidence: the gateway signed it, for this leak and this time. It opens nothing."""

from datetime import datetime

from shared.events.origins import BatchProof
from shared.seals import batches
from shared.seals.errors import SealBroken
from shared.seals.form import Seal, parse, verify
from shared.seals.keys import Keyring
from shared.seals.purposes import ORIGIN


class NotSigned(SealBroken):
    """It does not stand in a batch that the gateway signed, or not as this leak's, or not at this time."""


def check(  # noqa: PLR0917  # what is checked, and by what
    leak_id: str, captured_at: datetime, sealed_origin: str, proof: BatchProof, keyring: Keyring, stored_at: datetime
) -> Seal:
    """The seal, taken apart. NotSigned, or SealBroken when what the gateway signed is no origin.

    The time is signed too, because retention counts from it. `stored_at`: a signing key that was revoked later counts.
    """
    leaf = batches.origin_leaf_of(leak_id, captured_at, sealed_origin)
    try:
        batches.check(leaf, proof, keyring, writer=ORIGIN.writer, stored_at=stored_at)
    except SealBroken as broken:
        raise NotSigned(str(broken)) from broken
    seal = parse(sealed_origin)
    if seal.purpose != ORIGIN.name:
        raise SealBroken("another purpose")
    verify(seal, keyring, writer=ORIGIN.writer, stored_at=stored_at)
    return seal
