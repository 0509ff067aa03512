"""Names for a mail that every attempt at it makes again and that tell nothing: a PRF under a key of the role's own."""

import hmac
from datetime import datetime

from shared.seals.keys import KeySource

ID_BYTES = 16


class MailIds:
    """What stands for a mail outside this process. `at` is a time that belongs to the mail: it picks the key."""

    def __init__(self, keys: KeySource, mail_domain: str) -> None:
        self._keys = keys
        self._mail_domain = mail_domain

    def message_id(self, id_: str, at: datetime) -> str:
        """The Message-ID, without its angle brackets."""
        return f"{self._prf('message-id', id_, at).hex()}@{self._mail_domain}"

    def in_block_token(self, id_: str, at: datetime) -> bytes:
        """What makes a mail's block token unlike every other's."""
        return self._prf("block", id_, at)

    def _prf(self, label: str, id_: str, at: datetime) -> bytes:
        key = self._keys().at(at)
        return hmac.digest(key.material, f"{label}\x00{id_}".encode(), "sha256")[:ID_BYTES]
