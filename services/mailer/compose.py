"""The form that all mails of ours have: which headers, in which order, and ready-made bytes."""

import binascii
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import cache
from typing import Final

BOUNDARY: Final = "=_leak"
"""Can't occur in quoted-printable, where `=` is followed by two hexadecimal digits or a line end (RFC 2045, 6.7)."""
QP_LINE: Final = 76
"""RFC 2045, 6.7."""

ALLOWED_HEADERS: Final = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Feedback-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
)
"""Nothing else stands on a mail of ours: no client, no time of writing, no host, no id of a leak."""


@dataclass(frozen=True)
class Stationery:
    """What is printed on every sheet of one role. `what`: its name in Feedback-ID."""

    what: str
    public_url: str
    from_address: str

    def headers(self, to: str, subject: str, message_id: str, now: datetime) -> dict[str, str]:
        """What every mail begins with; `to` is checked, `message_id` has no angle brackets."""
        return {
            "From": f"Leak <{self.from_address}>",
            "To": to,
            "Subject": _encoded_subject(subject),
            "Date": format_datetime(now),
            "Message-ID": f"<{message_id}>",
            "Auto-Submitted": "auto-generated",
            "Feedback-ID": f"{self.what}:leak-mail",
        }


def encoded(text: str) -> bytes:
    """Quoted-printable. A lone surrogate is no character: it becomes a question mark instead of an error."""
    lines = binascii.b2a_qp(text.encode("utf-8", "replace"), istext=True).split(b"\n")
    if len(lines[-1]) >= QP_LINE:
        lines[-1:] = _folded(lines[-1])
    return b"\r\n".join(lines)


def joined(pieces: list[bytes]) -> bytes:
    """Encoded pieces as one text: a reader takes the soft line breaks out again, and no line grows too long."""
    return b"=\r\n".join(pieces)


def mail_bytes(headers: dict[str, str], plain: bytes, rich: bytes) -> bytes:
    """The whole mail, from its encoded parts."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head += f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{BOUNDARY}"\r\n\r\n'
    return head.encode() + _part("plain", plain) + _part("html", rich) + f"--{BOUNDARY}--\r\n".encode()


@cache
def _encoded_subject(subject: str) -> str:
    """A subject of ours in RFC 2047 form, folded."""
    return subject if subject.isascii() else Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _folded(line: bytes) -> list[bytes]:
    """A full last line in two, so that there is room for the soft line break that `joined` ends it with."""
    cut = QP_LINE - 1
    while b"=" in line[cut - 2 : cut]:
        cut -= 1
    return [line[:cut] + b"=", line[cut:]]


def _part(subtype: str, body: bytes) -> bytes:
    head = (
        f"--{BOUNDARY}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
