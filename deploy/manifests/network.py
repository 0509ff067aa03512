"""Default deny, then exactly the flows that a service needs: Kafka, its database, its door, metrics, DNS."""

from typing import Any

from deploy.manifests.table import (
    DEPLOYED,
    INTERNAL_PORT,
    KAFKA_CLUSTER,
    KAFKA_NAMESPACE,
    KAFKA_PORT,
    LIMITER,
    LIMITER_PORT,
    MONGO_PORT,
    MONITORING_NAMESPACE,
    NAMESPACES,
    SMTP_PORTS,
    Deployed,
    labels,
)

Manifest = dict[str, Any]
DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
"""Where no mail relay of others is, and where the cluster's own addresses are (RFC 1918, 3927, 6598)."""


def policies() -> list[Manifest]:
    """Every NetworkPolicy."""
    closed = [_policy(namespace, "default-deny", {}, [], []) for namespace in NAMESPACES]
    inside = [policy(namespace) for namespace in NAMESPACES for policy in (_of_database, _of_setup)]
    limiter = [_of_limiter(deployed.namespace) for deployed in DEPLOYED if deployed.counts_together]
    return [*closed, *map(_of_service, DEPLOYED), *inside, *limiter]


def _of_service(deployed: Deployed) -> Manifest:
    ingress = [_from({"kubernetes.io/metadata.name": MONITORING_NAMESPACE}, INTERNAL_PORT)]
    if deployed.door:
        ingress.append(_from({"leak/network": deployed.door.network}, deployed.door.port))
    egress = [DNS, _to_kafka(), _to_database()]
    if deployed.sends_mail:
        egress.append(
            {
                "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": PRIVATE}}, {"ipBlock": {"cidr": "2000::/3"}}],
                "ports": [_tcp(port) for port in SMTP_PORTS],
            }
        )
    if deployed.counts_together:
        egress.append({"to": [{"podSelector": {"matchLabels": labels(LIMITER)}}], "ports": [_tcp(LIMITER_PORT)]})
    return _policy(deployed.namespace, deployed.name, labels(deployed.name), ingress, egress)


def _of_limiter(namespace: str) -> Manifest:
    peers = [
        {"podSelector": {"matchLabels": labels(deployed.name)}} for deployed in DEPLOYED if deployed.counts_together
    ]
    return _policy(namespace, LIMITER, labels(LIMITER), [{"from": peers, "ports": [_tcp(LIMITER_PORT)]}], [])


def _of_database(namespace: str) -> Manifest:
    """A database hears its own namespace's services and set-up job, and its own replicas."""
    clients = [deployed.name for deployed in DEPLOYED if deployed.namespace == namespace]
    peers = [{"podSelector": {"matchLabels": labels(name)}} for name in [*clients, "setup", "mongodb"]]
    replicas = {"to": [{"podSelector": {"matchLabels": labels("mongodb")}}], "ports": [_tcp(MONGO_PORT)]}
    ingress = [{"from": peers, "ports": [_tcp(MONGO_PORT)]}]
    return _policy(namespace, "mongodb", labels("mongodb"), ingress, [DNS, replicas])


def _of_setup(namespace: str) -> Manifest:
    return _policy(namespace, "setup", labels("setup"), [], [DNS, _to_database()])


def _to_kafka() -> Manifest:
    brokers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": KAFKA_NAMESPACE}},
        "podSelector": {"matchLabels": {"strimzi.io/cluster": KAFKA_CLUSTER, "strimzi.io/kind": "Kafka"}},
    }
    return {"to": [brokers], "ports": [_tcp(KAFKA_PORT)]}


def _to_database() -> Manifest:
    # Without a namespace selector: the database of the policy's own namespace.
    return {"to": [{"podSelector": {"matchLabels": labels("mongodb")}}], "ports": [_tcp(MONGO_PORT)]}


def _from(namespace_labels: dict[str, str], port: int) -> Manifest:
    return {"from": [{"namespaceSelector": {"matchLabels": namespace_labels}}], "ports": [_tcp(port)]}


def _tcp(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}


def _policy(
    namespace: str, name: str, pods: dict[str, str], ingress: list[Manifest], egress: list[Manifest]
) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": pods} if pods else {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }
