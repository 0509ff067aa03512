"""What a mail says: its headers, its text, its HTML, and the links in it."""

import html
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

_LINK = re.compile(r"https?://[^\s<>\"']+")
_HREF = re.compile(r"href=\"(https?://[^\"]+)\"")


@dataclass(frozen=True)
class Contents:
    """A mail, taken apart."""

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    links: tuple[str, ...]


def read(raw: bytes) -> Contents:
    """Take a mail apart; a part that is missing is empty."""
    mail = message_from_bytes(raw, policy=policy.default)
    text, page = _part(mail, "plain"), _part(mail, "html")
    links = [*_LINK.findall(text), *map(html.unescape, _HREF.findall(page))]
    return Contents(
        headers=tuple((name, str(value)) for name, value in mail.items()),
        text=text,
        html=page,
        links=tuple(dict.fromkeys(links)),
    )


def _part(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""
