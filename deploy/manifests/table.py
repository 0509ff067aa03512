"""What the registry does not say: which ports a process opens, for whom, and whom it may call."""

from dataclasses import dataclass
from typing import Literal

from shared.events.topics import ACCEPT, AUDIT, CONFIRMATIONS, LETTERS, MODERATION, STATUS, VERIFIER, Process

NAMESPACE = "leak"
AUDIT_NAMESPACE = "leak-audit"
NAMESPACES = (NAMESPACE, AUDIT_NAMESPACE)
KAFKA_NAMESPACE = "kafka"
KAFKA_CLUSTER = "leak"
KAFKA_PORT = 9093
MONGO_PORT = 27017
INTERNAL_PORT = 9000
SMTP_PORTS = (465, 587)
LIMITER, LIMITER_PORT = "limits", 6379
"""The store in which several gateways count together: a Redis of the operator's own, in the gateway's namespace."""
MONITORING_NAMESPACE = "monitoring"


@dataclass(frozen=True)
class Door:
    """A port that people or clients reach, and from where: a namespace's label `leak/network`."""

    port: int
    network: Literal["public", "moderators", "auditors"]
    prefix: Literal["", "CONSOLE_"] = ""


@dataclass(frozen=True)
class Deployed:
    """One process as it is deployed; processes of one service run the same image."""

    process: Process
    namespace: str
    door: Door | None = None
    sends_mail: bool = False
    counts_together: bool = False
    replicas: int = 2
    most: int = 10

    @property
    def name(self) -> str:
        """Of the process, and of everything that belongs to it."""
        return self.process.name

    @property
    def prefix(self) -> str:
        """Of its environment variables."""
        return f"{self.process.service.upper()}_"


DEPLOYED = (
    Deployed(ACCEPT, NAMESPACE, Door(8080, "public"), counts_together=True, most=20),
    Deployed(STATUS, NAMESPACE),
    Deployed(VERIFIER, NAMESPACE),
    Deployed(MODERATION, NAMESPACE, Door(8200, "moderators", "CONSOLE_")),
    Deployed(CONFIRMATIONS, NAMESPACE, sends_mail=True),
    Deployed(LETTERS, NAMESPACE, sends_mail=True),
    Deployed(AUDIT, AUDIT_NAMESPACE, Door(8300, "auditors", "CONSOLE_"), most=4),
)


def labels(name: str) -> dict[str, str]:
    """How manifests name the pods of a process."""
    return {"app.kubernetes.io/part-of": "leak", "app.kubernetes.io/name": name}
