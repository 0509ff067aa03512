"""Deployments, services, disruption budgets and scaling, the same shape for each service."""

from typing import Any

from deploy.manifests.table import (
    AUDIT_NAMESPACE,
    DEPLOYED,
    INTERNAL_PORT,
    KAFKA_CLUSTER,
    KAFKA_NAMESPACE,
    KAFKA_PORT,
    MONGO_PORT,
    NAMESPACE,
    Deployed,
    labels,
)
from shared.events.topics import read_by
from shared.runtime.kafka import group_of

Manifest = dict[str, Any]
SECRETS_DIR = "/run/secrets/leak"
STOP_S = 60
CPU_PERCENT = 60
SETUP = {
    NAMESPACE: ("database", "SETUP_MONGO_URL", "mongo"),
    AUDIT_NAMESPACE: ("audit-database", "SETUP_AUDIT_MONGO_URL", "audit-mongo"),
}
"""The part of the set-up step that runs in each namespace: no administrator's password is in both."""
LAG_A_REPLICA = 1_000
"""Unread records of one topic that call for another replica."""


def namespaces() -> list[Manifest]:
    """Ours, both with the restricted pod security standard."""
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": restricted}}
        for name in (NAMESPACE, AUDIT_NAMESPACE)
    ]


def of_process(deployed: Deployed) -> list[Manifest]:
    """Everything that runs one process."""
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(deployed),
        "automountServiceAccountToken": False,
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(deployed),
        "spec": {"minAvailable": 1, "selector": {"matchLabels": labels(deployed.name)}},
    }
    return [account, _settings(deployed), _deployment(deployed), _network_service(deployed), budget, _scaling(deployed)]


def setup_job(namespace: str) -> Manifest:
    """Makes a namespace's database users. Topics and Kafka users are Strimzi's, made from the same registry."""
    part, variable, server = SETUP[namespace]
    password = {"key": f"{server}-password", "path": f"{server}/{server}-password"}
    environment = {
        "SETUP_PARTS": f'["{part}"]',
        variable: _mongo_url(namespace),
        "SETUP_ADMIN_DIR": "/run/secrets/admin",
        "SETUP_SECRETS_DIR": SECRETS_DIR,
    }
    passwords = _database_passwords(namespace)
    volumes = [
        {"name": "admin", "secret": {"secretName": "leak-setup-admin", "defaultMode": 0o400, "items": [password]}},
        {"name": "secrets", "projected": {"sources": passwords, "defaultMode": 0o400}},
        {"name": "tmp", "emptyDir": {}},
    ]
    container = {
        "name": "setup",
        "image": "leak-setup",
        "args": ["deploy.setup"],
        "securityContext": _locked_down(),
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [
            {"name": "admin", "mountPath": "/run/secrets/admin", "readOnly": True},
            {"name": "secrets", "mountPath": SECRETS_DIR, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  # the pod's own, empty
        ],
    }
    pod = {
        "restartPolicy": "OnFailure",
        "automountServiceAccountToken": False,
        "securityContext": _pod_security(),
        "containers": [container],
        "volumes": volumes,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "setup", "namespace": namespace, "labels": labels("setup")},
        "spec": {"backoffLimit": 6, "template": {"metadata": {"labels": labels("setup")}, "spec": pod}},
    }


def _database_passwords(namespace: str) -> list[Manifest]:
    return [
        {
            "secret": {
                "name": f"leak-{deployed.name}",
                "items": [{"key": "mongo-password", "path": f"{deployed.name}/mongo-password"}],
            }
        }
        for deployed in DEPLOYED
        if deployed.namespace == namespace
    ]


def _settings(deployed: Deployed) -> Manifest:
    door = {}
    if deployed.door:
        door = {f"{deployed.door.prefix}HOST": "0.0.0.0", f"{deployed.door.prefix}PORT": str(deployed.door.port)}
    settings = {
        "KAFKA_SERVERS": _kafka_servers(),
        "KAFKA_SECURITY": "SASL_SSL",
        "KAFKA_CA_FILE": "/run/kafka/ca.crt",
        "MONGO_URL": _mongo_url(deployed.namespace),
        "SECRETS_DIR": SECRETS_DIR,
        "INTERNAL_HOST": "0.0.0.0",
        "INTERNAL_PORT": str(INTERNAL_PORT),
        "STOP_WITHIN_S": str(STOP_S - 15),
        **({"ROLE": deployed.process.role} if deployed.process.role else {}),
        **door,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(deployed),
        "data": {deployed.prefix + name: value for name, value in settings.items()},
    }


def _deployment(deployed: Deployed) -> Manifest:
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels(deployed.name)},
    }
    pod = {
        "serviceAccountName": deployed.name,
        "automountServiceAccountToken": False,
        "securityContext": _pod_security(),
        "terminationGracePeriodSeconds": STOP_S,
        "topologySpreadConstraints": [spread],
        "containers": [_container(deployed)],
        "volumes": [
            {"name": "secrets", "secret": {"secretName": f"leak-{deployed.name}", "defaultMode": 0o400}},
            {
                "name": "kafka-ca",
                "secret": {
                    "secretName": f"{KAFKA_CLUSTER}-cluster-ca-cert",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                },
            },
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(deployed),
        "spec": {
            "replicas": deployed.replicas,
            "selector": {"matchLabels": labels(deployed.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {"metadata": {"labels": labels(deployed.name)}, "spec": pod},
        },
    }


def _container(deployed: Deployed) -> Manifest:
    ports = [{"name": "internal", "containerPort": INTERNAL_PORT}]
    if deployed.door:
        ports.append({"name": "door", "containerPort": deployed.door.port})
    return {
        "name": deployed.name,
        "image": f"leak-{deployed.process.service}",
        "args": [f"services.{deployed.process.service}.main"],
        "envFrom": [{"configMapRef": {"name": deployed.name}}],
        "ports": ports,
        "securityContext": _locked_down(),
        "startupProbe": _probe("/health/live", period_s=2, failures=60),
        "livenessProbe": _probe("/health/live", period_s=10, failures=3),
        "readinessProbe": _probe("/health/ready", period_s=5, failures=2),
        "resources": {"requests": {"cpu": "250m", "memory": "192Mi"}, "limits": {"memory": "512Mi"}},
        "volumeMounts": [
            {"name": "secrets", "mountPath": SECRETS_DIR, "readOnly": True},
            {"name": "kafka-ca", "mountPath": "/run/kafka", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  # the pod's own, empty
        ],
    }


def _network_service(deployed: Deployed) -> Manifest:
    ports = [{"name": "internal", "port": INTERNAL_PORT, "targetPort": "internal"}]
    if deployed.door:
        ports.append({"name": "door", "port": deployed.door.port, "targetPort": "door"})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(deployed),
        "spec": {"selector": labels(deployed.name), "ports": ports},
    }


def _scaling(deployed: Deployed) -> Manifest:
    """Who answers people scales on CPU; who consumes scales on the lag of what it reads."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployed.name}
    if not read_by(deployed.name):
        target_cpu = {"type": "Utilization", "averageUtilization": CPU_PERCENT}
        cpu = {"type": "Resource", "resource": {"name": "cpu", "target": target_cpu}}
        return {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": _metadata(deployed),
            "spec": {
                "scaleTargetRef": target,
                "minReplicas": deployed.replicas,
                "maxReplicas": deployed.most,
                "metrics": [cpu],
            },
        }
    triggers = [
        {
            "type": "kafka",
            "metadata": {
                "topic": topic.name,
                "consumerGroup": group_of(deployed.name, topic.name),
                "bootstrapServers": _kafka_servers(),
                "lagThreshold": str(LAG_A_REPLICA),
            },
            "authenticationRef": {"name": "kafka", "kind": "ClusterTriggerAuthentication"},
        }
        for topic in read_by(deployed.name)
        if topic.owner != deployed.name
    ]
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": _metadata(deployed),
        "spec": {
            "scaleTargetRef": target,
            "minReplicaCount": deployed.replicas,
            "maxReplicaCount": deployed.most,
            "cooldownPeriod": 300,
            "triggers": triggers,
        },
    }


def _probe(path: str, period_s: int, failures: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "internal"}, "periodSeconds": period_s, "failureThreshold": failures}


def _pod_security() -> Manifest:
    return {"runAsNonRoot": True, "runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}}


def _locked_down() -> Manifest:
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def _metadata(deployed: Deployed) -> Manifest:
    return {"name": deployed.name, "namespace": deployed.namespace, "labels": labels(deployed.name)}


def _kafka_servers() -> str:
    return f"{KAFKA_CLUSTER}-kafka-bootstrap.{KAFKA_NAMESPACE}.svc:{KAFKA_PORT}"


def _mongo_url(namespace: str) -> str:
    return f"mongodb://mongodb.{namespace}.svc:{MONGO_PORT}/?replicaSet=leak"
