"""Settings of the gateway, `GATEWAY_...`."""

from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, Field, field_validator
from pydantic_settings import NoDecode

from services.gateway.forwarded import HeaderName, trusted_networks
from services.gateway.limits import parse_rate
from shared.runtime.settings import ServiceSettings, settings_config

Listed = Annotated[tuple[str, ...], NoDecode]
"""A comma-separated list."""


class Settings(ServiceSettings):
    """Where the gateway listens, whom it believes, how often one origin may act."""

    SERVICE: ClassVar[str] = "gateway"
    model_config = settings_config("GATEWAY_")

    role: Literal["accept", "status"] = Field(
        description="accept: pages, API, what people do; status: reads what became of leaks"
    )

    host: str = Field("127.0.0.1", description="Where the public port listens")
    port: int = Field(8080, ge=0, le=65535, description="The public port: pages and API")
    public_url: AnyHttpUrl = Field(AnyHttpUrl("http://localhost:8080"), description="Where people reach the gateway")
    hosts: Listed = Field(
        (), description="Names that requests may be for, comma-separated; empty: public_url's, localhost and 127.0.0.1"
    )
    trusted_proxies: Listed = Field(
        (),
        description="Addresses or networks of your own proxies, comma-separated, at most a /8 (IPv4) or /16 (IPv6); "
        "their word on the client counts",
    )
    trusted_header: HeaderName = Field(
        "x-forwarded-for",
        description="The one header that your proxies write, with the client's port: "
        "forwarded (RFC 7239) or x-forwarded-for",
    )
    confirm_within_h: int = Field(24, ge=1, le=36, description="Hours that a sender has to confirm")
    status_days: int = Field(190, ge=2, le=400, description="Days that a receipt shows its leak's status")
    limit_submit: str = Field(
        "20 per 10 minutes", description="Leaks from one origin, and client keys from it that nobody holds"
    )
    limit_preview: str = Field("120 per 10 minutes", description="Previews for one origin")
    limit_act: str = Field("60 per 10 minutes", description="Confirmations, stops, cancels, blocks, reports an origin")
    limit_status: str = Field("300 per 10 minutes", description="Looks at a status from one origin")
    limit_client: str = Field("600 per 10 minutes", description="Leaks from one API client")
    limiter_url: str = Field(
        "memory://",
        pattern=r"^(memory://$|rediss?://)",
        description="Where limits are counted; redis://HOST:PORT/0 when several gateways share the counts",
    )
    operator: str = Field("the operator of this Leak", description="Who runs this, as the pages say it")
    contact: str = Field("postmaster@localhost", description="Where to write to the operator, as the pages say it")
    origin_days: int = Field(365, ge=1, description="Days that audit keeps an origin, as the pages say it")
    delay_max_s: int = Field(1800, ge=0, description="Longest delay before sending, as the pages say it, seconds")

    @field_validator("hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, listed: object) -> object:
        if isinstance(listed, str):
            return tuple(entry.strip() for entry in listed.split(",") if entry.strip())
        return listed

    @field_validator("trusted_proxies")
    @classmethod
    def _nobody_trusts_strangers(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        trusted_networks(listed)
        return listed

    @field_validator("limit_submit", "limit_preview", "limit_act", "limit_status", "limit_client")
    @classmethod
    def _rates_are_short(cls, rate: str) -> str:
        parse_rate(rate)
        return rate

    @property
    def process(self) -> str:
        """`gateway-accept` or `gateway-status`."""
        return f"{self.SERVICE}-{self.role}"

    @property
    def answered_hosts(self) -> tuple[str, ...]:
        """The names that requests may be for."""
        return self.hosts or (str(urlsplit(str(self.public_url)).hostname), "localhost", "127.0.0.1")
