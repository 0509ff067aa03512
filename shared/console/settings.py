"""The settings of a service that has a console."""

from typing import Final

from pydantic import Field

from shared.console.sessions import SessionLimits
from shared.runtime.settings import ServiceSettings

CONSOLE_URL: Final = r"^https?://[^/]+$"


class ConsoleSettings(ServiceSettings):
    """Where the console listens, how browsers reach it, how long a session lives."""

    console_host: str = Field("127.0.0.1", description="Where the console listens")
    console_port: int = Field(9100, ge=0, le=65535, description="Port of the console")
    console_url: str = Field(
        "http://127.0.0.1:9100",
        pattern=CONSOLE_URL,
        description="Scheme, host and port by which browsers reach the console; with https its cookie is Secure",
    )
    session_idle_s: int = Field(1_800, gt=0, description="A session nobody uses ends after this time, seconds")
    session_absolute_s: int = Field(28_800, gt=0, description="Any session ends after this time, seconds")

    def session_limits(self) -> SessionLimits:
        """When a session ends by itself."""
        return SessionLimits(self.session_idle_s, self.session_absolute_s)
