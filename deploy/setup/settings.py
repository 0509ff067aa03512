"""Where the set-up step finds the servers, its administrators' passwords, and the folder for the services' secrets."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.setup.keys import admin_password

Part = Literal["keys", "kafka", "database", "audit-database"]
PARTS: tuple[Part, ...] = ("keys", "kafka", "database", "audit-database")


class Settings(BaseSettings):
    """From the environment, prefix SETUP_."""

    model_config = SettingsConfigDict(env_prefix="SETUP_", env_ignore_empty=True, frozen=True)

    parts: tuple[Part, ...] = Field(PARTS, description="what to set up, a JSON list")
    kafka_servers: str = Field("", description="Kafka's bootstrap servers, host:port separated by commas")
    kafka_security: Literal["SASL_PLAINTEXT", "SASL_SSL"] = Field("SASL_SSL", description="how to reach Kafka")
    kafka_ca_file: Path | None = Field(None, description="certificate authority of Kafka's TLS")
    kafka_admin: str = Field("admin", description="a Kafka super user")
    kafka_replication: int = Field(3, ge=1, description="replicas of each topic; from 3 on, two must have each record")
    mongo_url: str = Field("", description="the services' database, without credentials")
    audit_mongo_url: str = Field("", description="audit's own database server, without credentials")
    mongo_admin: str = Field("admin", description="who may make users, on both database servers")
    admin_dir: Path = Field(
        description="folder with kafka/kafka-password, mongo/mongo-password, audit-mongo/audit-mongo-password"
    )
    secrets_dir: Path = Field(description="folder that gets one folder a process with its passwords, keys and keyring")
    wait_s: int = Field(60, ge=1, description="how long to wait for servers that are still starting, in seconds")

    def admin_password(self, server: str) -> str:
        """The password of a server's administrator, from its file."""
        return admin_password(self.admin_dir, server).read_text().strip()
