"""What the registry does not say: which ports a service opens, for whom, and whom it may call."""

from dataclasses import dataclass
from typing import Literal

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
    """One service as it is deployed."""

    name: str
    namespace: str
    door: Door | None
    sends_mail: bool = False
    counts_together: bool = False
    replicas: int = 2
    most: int = 10


SERVICES = (
    Deployed("gateway", NAMESPACE, Door(8080, "public"), counts_together=True, most=20),
    Deployed("verifier", NAMESPACE, None),
    Deployed("moderation", NAMESPACE, Door(8200, "moderators", "CONSOLE_")),
    Deployed("mailer", NAMESPACE, None, sends_mail=True),
    Deployed("audit", AUDIT_NAMESPACE, Door(8300, "auditors", "CONSOLE_"), most=4),
)


def labels(service: str) -> dict[str, str]:
    """How manifests name the pods of a service."""
    return {"app.kubernetes.io/part-of": "leak", "app.kubernetes.io/name": service}
