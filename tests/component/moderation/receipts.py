"""What a sender holds: the key that opens statements of reasons."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from shared.digests import from_base64url, to_base64url
from shared.sealing import HPKE, receipt_info


class Receipt:
    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public_key = to_base64url(self._private.public_key().public_bytes_raw())

    def read(self, leak_id: str, statement: str) -> dict[str, Any]:
        padded = HPKE.decrypt(from_base64url(statement), self._private, info=receipt_info(leak_id))
        content: dict[str, Any] = json.loads(padded[4 : 4 + int.from_bytes(padded[:4], "big")])
        return content
