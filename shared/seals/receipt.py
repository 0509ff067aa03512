"""What is sealed to a receipt: it waits unreadable until the receipt is typed in, and always has one length."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from pydantic import ValidationError

from shared.digests import from_base64url, to_base64url
from shared.events.values import PublicKey, SealedToReceiptText
from shared.seals.contents import Note
from shared.seals.errors import SealBroken
from shared.seals.form import HPKE, pad, unpad
from shared.seals.purposes import NOTE_LENGTH


def seal_note(receipt_key: PublicKey, leak_id: str, note: Note) -> SealedToReceiptText:
    """HPKE to the receipt's public key, bound to the leak. ValueError when the note is too long."""
    public = X25519PublicKey.from_public_bytes(from_base64url(receipt_key))
    padded = pad(note.model_dump_json().encode(), (NOTE_LENGTH,))
    return SealedToReceiptText(to_base64url(HPKE.encrypt(padded, public, info=_info(leak_id))))


def open_note(private_key: X25519PrivateKey, leak_id: str, sealed: str) -> Note:
    """The note, by the private half of the receipt's key pair; SealBroken when it is not for this receipt."""
    try:
        padded = HPKE.decrypt(from_base64url(sealed), private_key, info=_info(leak_id))
        return Note.model_validate_json(unpad(padded))
    except (InvalidTag, ValueError, ValidationError) as broken:
        raise SealBroken("not sealed to this receipt") from broken


def _info(leak_id: str) -> bytes:
    return b"leak receipt\x00" + leak_id.encode()
