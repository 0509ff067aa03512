"""The links in our mails, as people bring them back: the token alone, or the whole link pasted."""

import re
from typing import Final

LINK_CHARACTERS: Final = 512
TOKEN_CHARACTERS: Final = 256


def token_of(typed: str) -> str:
    """What stands between the last slash and the query; the text itself when it is no link."""
    path = re.split(r"[?#]", typed.strip(), maxsplit=1)[0]
    return path.rstrip("/").rpartition("/")[2][:TOKEN_CHARACTERS]
