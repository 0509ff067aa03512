"""The kinds of text that must not be mistaken for one another: clear, sealed, digest, token. Each has its own type."""

from typing import Annotated, Literal, NewType

from pydantic import StringConstraints

HEX_128 = r"^[0-9a-f]{32}$"
HEX_256 = r"^[0-9a-f]{64}$"
KEY_ID = r"^[0-9a-f]{16}$"
ADDRESS_DIGEST = r"^[0-9]{1,3}\.[0-9a-f]{16}\.[0-9a-f]{64}$"
SEALED = r"^lk1(\.[A-Za-z0-9_-]+){3}$"
SEALED_TO_RECEIPT = r"^[A-Za-z0-9_-]+$"
SEALED_TOKEN = r"^[0-9a-f]{16}\.[A-Za-z0-9_-]+$"  # noqa: S105  # a form, no secret
PUBLIC_KEY = r"^[A-Za-z0-9_-]{43}$"
SIGNATURE = r"^[A-Za-z0-9_-]{86}$"

ClearAddress = NewType("ClearAddress", str)
"""An e-mail address that can be read. In memory only: no event and no store takes one (a guard refuses it)."""

AddressDigestText = NewType("AddressDigestText", str)
SealedText = NewType("SealedText", str)
SealedToReceiptText = NewType("SealedToReceiptText", str)
SealedTokenText = NewType("SealedTokenText", str)
TokenDigestText = NewType("TokenDigestText", str)

Token = NewType("Token", str)
"""What stands in a link of a mail. Whoever has it can act: it is never stored, and no event carries it."""

Id = Annotated[str, StringConstraints(pattern=HEX_128)]
"""128 bits in lower-case hexadecimal."""

KeyId = Annotated[str, StringConstraints(pattern=KEY_ID)]
"""Names a key: 64 bits of a digest of it, in lower-case hexadecimal."""

Digest = Annotated[str, StringConstraints(pattern=HEX_256)]
"""SHA-256 in lower-case hexadecimal, of something that nobody can guess."""

AddressDigest = Annotated[AddressDigestText, StringConstraints(pattern=ADDRESS_DIGEST)]
"""`<version of the spelling table>.<key id>.<HMAC-SHA-256>`: nobody without the key can try an address."""

TokenDigest = Annotated[TokenDigestText, StringConstraints(pattern=HEX_256)]
"""SHA-256 of a token, or of a token's secret part."""

Sealed = Annotated[SealedText, StringConstraints(pattern=SEALED, max_length=32_768)]
"""Opaque here; `shared/seals/` says what is inside, who seals it and who opens it."""

SealedToReceipt = Annotated[SealedToReceiptText, StringConstraints(pattern=SEALED_TO_RECEIPT, max_length=16_384)]
"""HPKE to the public half of a receipt's key pair, base64url."""

SealedToken = Annotated[SealedTokenText, StringConstraints(pattern=SEALED_TOKEN, max_length=512)]
"""The part of a token that leads somewhere: `<key id>.<AES-SIV>`. Without the secret part it acts on nothing."""

PublicKey = Annotated[str, StringConstraints(pattern=PUBLIC_KEY)]
"""An X25519 public key, base64url without padding."""

Signature = Annotated[str, StringConstraints(pattern=SIGNATURE)]
"""An Ed25519 signature, base64url without padding."""

Relation = Literal["friend", "coworker", "family", "friend_of_friend", "classmate", "neighbour", "admirer", "someone"]
Kind = Literal["crush", "joke", "confidence", "thanks", "revelation", "other"]
Language = Literal["en", "fr"]
