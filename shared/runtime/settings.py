"""The settings that every service has. Secrets are files, never environment variables."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.seals.keys import KeyHistory, Keyring, WatchedFile, key_file, keyring_file


def settings_config(prefix: str) -> SettingsConfigDict:
    """Read from environment variables that begin with `prefix`; an unknown one is ignored, a wrong one refused.

    An empty one counts as not set: an empty path would be the folder that the service runs in.
    """
    return SettingsConfigDict(
        env_prefix=prefix, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )


class ServiceSettings(BaseSettings):
    """Where a service's dependencies are, and where its secrets lie."""

    SERVICE: ClassVar[str]

    @property
    def process(self) -> str:
        """The name of the user that signs in to Kafka and the database; a service with roles says which one."""
        return self.SERVICE

    kafka_servers: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port, comma-separated")
    kafka_security: Literal["SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "SASL_SSL", description="SASL_PLAINTEXT on one machine only"
    )
    kafka_ca_file: Path | None = Field(None, description="CA certificate of the Kafka cluster, when not a public one")
    mongo_url: str = Field("mongodb://127.0.0.1:27017", description="The service's database server, no credentials")
    mongo_auth: bool = Field(default=True, description="Sign in as the service's own user, password from its secrets")
    secrets_dir: Path = Field(Path("/run/secrets/leak"), description="This service's secrets and keyring.json")
    internal_host: str = Field("127.0.0.1", description="Where health and metrics listen; never a public address")
    internal_port: int = Field(9000, ge=0, le=65535, description="Port of /health/live, /health/ready and /metrics")
    connections: int = Field(
        2_048, ge=2, description="Open connections at most to the service's port; fewer where few files may be open"
    )
    connections_a_network: int = Field(
        256, ge=1, description="Open connections at most from one IPv4 address or IPv6 /64; never more than half of all"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    stop_within_s: float = Field(20.0, gt=0, description="Time that SIGTERM leaves for what is in flight, seconds")

    def password(self, name: str) -> str:
        """A secret file's text."""
        return (self.secrets_dir / name).read_text().strip()

    def keys(self, name: str) -> WatchedFile[KeyHistory]:
        """A process's own secret keys of one name; read again when they are rotated."""
        return key_file(self.secrets_dir / f"{name}.json")

    def keyring(self) -> WatchedFile[Keyring]:
        """The public keys of readers and writers; read again when they are rotated."""
        return keyring_file(self.secrets_dir / "keyring.json")
