"""Settings of the mailer, `MAILER_...`."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from shared.runtime.settings import ServiceSettings, settings_config

HOUR_S = 3_600


class Settings(ServiceSettings):
    """Which relay takes the mail, what stands on it, how often it is tried, and what is kept how long."""

    SERVICE: ClassVar[str] = "mailer"
    model_config = settings_config("MAILER_")

    role: Literal["letters", "confirmations"] = Field(
        description="letters: mails of approved leaks, to recipients; confirmations: Is it you?, to senders"
    )

    public_url: str = Field("https://leak.example", description="Where the gateway is for recipients; links begin so")
    mail_domain: str = Field("leak.example", description="Our mail domain: in Message-IDs and in the greeting (EHLO)")
    letter_from: str = Field("letters@leak.example", description="Address that leaks come from")
    confirmation_from: str = Field("confirm@leak.example", description="Address that confirmation mails come from")

    smtp_host: str = Field("127.0.0.1", description="The relay that takes our mail")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port: 587 with starttls, 465 with tls")
    smtp_security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="none only for a relay on the same machine"
    )
    smtp_ca_file: Path | None = Field(None, description="CA certificate of the relay, when not a public one")
    smtp_user: str | None = Field(None, description="User at the relay; its password is the secret smtp-password")
    connections: int = Field(
        40, ge=1, le=200, description="Connections to the relay, one mail in flight on each; Postfix takes 50 of one"
    )
    mails_per_connection: int = Field(100, ge=1, description="Mails after which a connection is closed")
    exchange_s: float = Field(
        300.0, gt=0, description="Longest time for one mail on the wire, seconds; a lease outlives it"
    )

    recipient_daily: int = Field(5, ge=0, description="Leaks that one address gets a day; silent beyond; 0: no limit")
    domain_daily: int = Field(2_000, ge=0, description="Leaks that one domain gets a day; silent beyond; 0: no limit")
    retry_after_s: tuple[int, ...] = Field(
        (300, 600, 1_200, 2_400, HOUR_S, 2 * HOUR_S, 4 * HOUR_S, *[8 * HOUR_S] * 4, 7 * HOUR_S + 2_700),
        description="Waits after each 4xx, seconds, JSON list; the default ends after two days",
    )
    poll_every_s: float = Field(0.3, gt=0, description="How often mails that are due are looked for, seconds")
    keep_outcomes_days: int = Field(
        30, ge=9, description="How long the end of a leak is kept, days; above its topic's 7"
    )
    link_days: int = Field(365, ge=30, description="How long the block link in a mail works, days")

    @property
    def process(self) -> str:
        """The role's own name, user and database."""
        return f"{self.SERVICE}-{self.role}"

    @property
    def lease_s(self) -> float:
        """How long a mail belongs to the replica that took it: longer than the longest exchange."""
        return self.exchange_s * 1.5 + 10
