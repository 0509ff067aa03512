"""What is inside each seal: one frozen model a purpose. A renamed field needs a new purpose beside the old one."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.events.values import AddressDigest, ClearAddress, Digest, Language, Token

NanosecondsText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
"""Nanoseconds since 1970 in UTC, as text: JSON numbers stop being exact at 2^53 (RFC 8785)."""


class Content(BaseModel):
    """A plaintext. Unknown fields are ignored, so that a later writer can add one; its repr shows nothing."""

    # No cache: pydantic would remember each string of up to 63 characters that it opened, addresses included.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, cache_strings="none")

    def __repr__(self) -> str:
        """Show the class alone."""
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class Origin(Content):
    """Where one act came from. `obtained`: `socket` or `proxy:<its address>`. `claimed_ip`: an API client's word."""

    ip: str
    port: int | None
    destination_ip: str | None
    destination_port: int | None
    captured_at_ns: NanosecondsText
    obtained: str
    claimed_ip: str | None
    sender: ClearAddress
    content_digest: Digest


class SenderAddress(Content):
    """Who is asked to confirm."""

    address: ClearAddress


class RecipientAddress(Content):
    """Who gets the letter."""

    address: ClearAddress


class RecipientPseudonyms(Content):
    """What stands for the recipient in moderation's own store: one digest under each key in use, newest first."""

    digests: tuple[AddressDigest, ...]


class Message(Content):
    """The sender's words."""

    text: str


class Challenge(Content):
    """What a confirmation mail is made of."""

    address: ClearAddress
    confirm_token: Token
    stop_token: Token


class ReportLink(Content):
    """The token of "report this", made by moderation, for the letter."""

    token: Token


class ReportDetails(Content):
    """What a recipient says about a mail."""

    text: str


class Threat(Content):
    """A message that a moderator took for a threat to life, and the policy chosen."""

    text: str
    policy: str


class Statement(Content):
    """Why a leak was refused (DSA art. 17), in one language: the policy and its title, the reasons, how to object."""

    policy: str
    title: str
    reasons: str
    redress: str
    language: Language
    automated: bool


class Note(Content):
    """What a decision says to the holder of the receipt; without a statement it says nothing."""

    statement: Statement | None = None
