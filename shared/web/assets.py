"""Static files, read once; a digest of the content is in the name, so that a browser may keep them for ever."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Final = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
_DIGEST_LENGTH: Final = 12


@dataclass(frozen=True)
class Asset:
    """A file as it is served; `name` is the one in its address, `leak.0123456789ab.css`."""

    name: str
    content: bytes
    media_type: str


class Assets:
    """The files of some pages: `path` is for templates, `route` serves them."""

    def __init__(self, *places: Path) -> None:
        """Each place is a file, or a folder whose files are taken."""
        files = {file.name: _read(file) for place in places for file in _files(place)}
        self._paths = {name: f"/static/{asset.name}" for name, asset in files.items()}
        self._served = {asset.name: asset for asset in files.values()}

    def path(self, name: str) -> str:
        """The address of a file, by its plain name (`leak.css`). KeyError when it isn't there."""
        return self._paths[name]

    def route(self) -> Route:
        """Where they are served."""
        return Route("/static/{name}", self._send, methods=["GET"], include_in_schema=False)

    async def _send(self, request: Request) -> Response:
        asset = self._served.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        return Response(asset.content, headers=_HEADERS, media_type=asset.media_type)


def _files(place: Path) -> Sequence[Path]:
    return sorted(place.iterdir()) if place.is_dir() else [place]


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_LENGTH]
    return Asset(f"{file.stem}.{digest}{file.suffix}", content, _MEDIA_TYPES[file.suffix])
