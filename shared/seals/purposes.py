"""One row a purpose: who seals it, who opens it, the lengths it is padded to, and the model of what is inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.events.topics import ACCEPT, AUDIT, CONFIRMATIONS, LETTERS, MODERATION, VERIFIER, Process
from shared.seals import contents

C_co = TypeVar("C_co", bound=contents.Content, covariant=True)

MESSAGE_LENGTHS = (512, 1_024, 2_048, 4_096, 8_448)
"""2,000 characters of four bytes each fit into the last one, with JSON around them."""
NOTE_LENGTH = 4_096
"""The one length of a note: whether it has words, and how many, must not show."""


@dataclass(frozen=True)
class Purpose(Generic[C_co]):
    """A kind of plaintext. `access`: each entry names all who must agree to open it; lengths in bytes."""

    name: str
    writer: str
    access: tuple[tuple[str, ...], ...]
    lengths: tuple[int, ...]
    content: type[C_co]

    @property
    def readers(self) -> tuple[str, ...]:
        """Every reader that holds a share."""
        return tuple(sorted({reader for group in self.access for reader in group}))


def _purpose(
    name: str, writer: Process, *readers: Process, lengths: tuple[int, ...], content: type[C_co]
) -> Purpose[C_co]:
    return Purpose(name, writer.name, tuple((reader.name,) for reader in readers), lengths, content)


ORIGIN = _purpose("origin", ACCEPT, AUDIT, lengths=(1_536,), content=contents.Origin)
SENDER = _purpose("sender", ACCEPT, VERIFIER, lengths=(384,), content=contents.SenderAddress)
RECIPIENT = _purpose("recipient", ACCEPT, LETTERS, lengths=(384,), content=contents.RecipientAddress)
PSEUDONYMS = _purpose("pseudonyms", ACCEPT, MODERATION, lengths=(1_024,), content=contents.RecipientPseudonyms)
MESSAGE = _purpose("message", ACCEPT, MODERATION, LETTERS, lengths=MESSAGE_LENGTHS, content=contents.Message)
CHALLENGE = _purpose("challenge", VERIFIER, CONFIRMATIONS, lengths=(768,), content=contents.Challenge)
REPORT_LINK = _purpose("report-link", MODERATION, LETTERS, lengths=(256,), content=contents.ReportLink)
REPORT_DETAILS = _purpose("report-details", ACCEPT, MODERATION, lengths=MESSAGE_LENGTHS, content=contents.ReportDetails)
THREAT = _purpose("threat", MODERATION, AUDIT, lengths=MESSAGE_LENGTHS, content=contents.Threat)

PURPOSES: Mapping[str, Purpose[contents.Content]] = {
    purpose.name: purpose
    for purpose in (
        ORIGIN, SENDER, RECIPIENT, PSEUDONYMS, MESSAGE, CHALLENGE, REPORT_LINK, REPORT_DETAILS, THREAT,
    )
}  # fmt: skip
"""Every purpose but the note, which is sealed by moderation to the receipt itself."""
