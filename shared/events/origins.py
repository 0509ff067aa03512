"""Where a leak came from, sealed to audit, and the proof that the gateway recorded it."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from shared.events.event import LeakEvent, Moment
from shared.events.values import Digest, KeyId, Sealed, Signature


class BatchProof(BaseModel):
    """That one record stands in a batch whose Merkle root the gateway signed (RFC 9162, section 2.1)."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    key_id: KeyId
    signature: Signature
    size: PositiveInt
    index: NonNegativeInt
    path: tuple[Digest, ...]


class UnprovenOrigin(LeakEvent):
    """An origin that has not gone out with a batch yet."""

    captured_at: Moment
    sealed_origin: Sealed


class OriginCaptured(UnprovenOrigin):
    """The origin of one accepted request; durable before the leak itself is."""

    TOPIC: ClassVar[str] = "origin.captured.v1"
    proof: BatchProof
