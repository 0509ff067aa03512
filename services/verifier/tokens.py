"""Tokens in the confirmation mail: a PRF of the verifier's key, so that a repeat makes the same ones."""

import hmac

from shared.digests import to_base64url

TOKEN_BYTES = 16


class Tokens:
    """Derives what stands for a leak, and for a sender, in a mail. Nobody without the key can go back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def challenge_id(self, leak_id: str) -> str:
        """The mailer's name for a confirmation: it must not be able to join it to the leak's own mail."""
        return self._prf("challenge", leak_id).hex()

    def confirm(self, challenge_id: str) -> str:
        """Confirms one leak."""
        return to_base64url(self._prf("confirm", challenge_id))

    def stop(self, sender: str) -> str:
        """Stops every confirmation mail to one address; `sender` is its keyed digest."""
        return to_base64url(self._prf("stop", sender))

    def _prf(self, purpose: str, subject: str) -> bytes:
        return hmac.digest(self._key, f"{purpose}\x00{subject}".encode(), "sha256")[:TOKEN_BYTES]
