"""Tokens in the confirmation mail: a PRF of the verifier's key, so that a repeat makes the same ones."""

import hmac
from datetime import datetime

from shared.digests import to_base64url
from shared.events.values import AddressDigestText, Token
from shared.seals.keys import KeySource

TOKEN_BYTES = 16


class Tokens:
    """Derives what stands for a leak, and for a sender, in a mail. Nobody without the key can go back.

    `at` is the leak's own time: it picks the key, so that a repeat after a rotation makes the same tokens.
    """

    def __init__(self, keys: KeySource) -> None:
        self._keys = keys

    def challenge_id(self, leak_id: str, at: datetime) -> str:
        """The mailer's name for a confirmation: it must not be able to join it to the leak's own mail."""
        return self._prf("challenge", leak_id, at).hex()

    def confirm(self, challenge_id: str, at: datetime) -> Token:
        """Confirms one leak."""
        return Token(to_base64url(self._prf("confirm", challenge_id, at)))

    def stop(self, sender_digest: AddressDigestText, at: datetime) -> Token:
        """Stops every confirmation mail to one address."""
        return Token(to_base64url(self._prf("stop", sender_digest, at)))

    def _prf(self, purpose: str, subject: str, at: datetime) -> bytes:
        key = self._keys().at(at).material
        return hmac.digest(key, f"{purpose}\x00{subject}".encode(), "sha256")[:TOKEN_BYTES]
