"""Where a console is and what it is made of."""

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from shared.console.sessions import SessionLimits


@dataclass(frozen=True)
class ConsoleSite:
    """One console; `pages` holds the service's templates/, static/ and texts/."""

    service: str
    public_url: str
    pages: Path
    limits: SessionLimits

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.public_url.startswith("https:")

    @property
    def session_cookie(self) -> str:
        """Each console's own, since cookies don't know ports. `__Host-` holds it to this host, https and path /."""
        return f"{'__Host-' if self.secure else ''}leak-{self.service}"

    @property
    def language_cookie(self) -> str:
        """Holds the language, and nothing else."""
        return f"{self.session_cookie}-language"

    @property
    def device_cookie(self) -> str:
        """Tells a browser in which somebody signed in before from a stranger's."""
        return f"{self.session_cookie}-device"

    def set_cookie(self, answer: Response, name: str, value: str, max_age_s: int | None = None) -> None:
        """For this console's own pages alone, out of reach of scripts; without an age it ends with the browser."""
        answer.set_cookie(
            name, value, max_age=max_age_s, path="/", secure=self.secure, httponly=True, samesite="strict"
        )

    def delete_cookie(self, answer: Response, name: str) -> None:
        """The browser forgets it."""
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="strict")
