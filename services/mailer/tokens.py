"""Names for a mail that a repeat makes again and that tell nothing: a PRF of the service's keys, never the leak_id."""

import hmac

from shared.digests import to_base64url, token_digest

TOKEN_BYTES = 16


class Tokens:
    """Block and report tokens from one key, Message-IDs from another, so that neither leads to the other."""

    def __init__(self, token_key: bytes, message_id_key: bytes) -> None:
        self._token_key = token_key
        self._message_id_key = message_id_key

    def block(self, leak_id: str) -> str:
        """The token of "never write to me again"."""
        return self._token(b"block", leak_id)

    def report(self, leak_id: str) -> str:
        """The token of "report this"."""
        return self._token(b"report", leak_id)

    def block_digest(self, leak_id: str) -> str:
        """What the gateway publishes when the block token is used."""
        return token_digest(self.block(leak_id))

    def report_digest(self, leak_id: str) -> str:
        """What the gateway publishes when the report token is used."""
        return token_digest(self.report(leak_id))

    def message_id(self, what: str, id_: str) -> str:
        """The left half of a Message-ID: the same for every attempt at one mail."""
        return hmac.digest(self._message_id_key, f"{what}\x00{id_}".encode(), "sha256")[:TOKEN_BYTES].hex()

    def _token(self, purpose: bytes, leak_id: str) -> str:
        # Because a mail id of its own stands between both, a token with its key still doesn't show the leak.
        mail_id = hmac.digest(self._token_key, b"mail\x00" + leak_id.encode(), "sha256")
        return to_base64url(hmac.digest(self._token_key, purpose + b"\x00" + mail_id, "sha256")[:TOKEN_BYTES])
