"""Which service has a console, and which roles its people can have there."""

from typing import Final

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "moderation": ("moderator",),
    "audit": ("auditor",),
}
