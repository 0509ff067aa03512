"""Static files, read once; a hash of the content is in the name, so that they may be cached for ever."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from shared import look

_STATIC: Final = Path(__file__).parent / "static"
_FILES: Final = (look.STYLESHEET, _STATIC / "pages.css", _STATIC / "pages.js", _STATIC / "envelope.svg")
_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HASH_LENGTH = 12


@dataclass(frozen=True)
class Asset:
    """A file as it is served."""

    path: str
    content: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Plain name (`leak.css`) → asset."""
    return {file.name: _read(file) for file in _FILES}


@cache
def served() -> dict[str, Asset]:
    """Name in the URL (`leak.0123456789ab.css`) → asset."""
    return {asset.path.rpartition("/")[2]: asset for asset in assets().values()}


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]
    return Asset(f"/static/{file.stem}.{digest}{file.suffix}", content, _MEDIA_TYPES[file.suffix])
