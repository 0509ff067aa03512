"""What a sender holds: the key that opens the notes of decisions."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.digests import to_base64url
from shared.seals.contents import Statement
from shared.seals.receipt import open_note


class ReceiptKey:
    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public_key = to_base64url(self._private.public_key().public_bytes_raw())

    def read(self, leak_id: str, sealed_note: str) -> dict[str, Any] | None:
        """The statement of reasons in a note; None when the note has no words."""
        statement = self.statement(leak_id, sealed_note)
        return None if statement is None else statement.model_dump()

    def statement(self, leak_id: str, sealed_note: str) -> Statement | None:
        return open_note(self._private, leak_id, sealed_note).statement
