"""Strimzi's KafkaTopic and KafkaUser resources, from the registry."""

from typing import Any

from deploy.manifests.table import KAFKA_CLUSTER, KAFKA_NAMESPACE
from deploy.setup.kafka import topic_configs
from shared.events.topics import PROCESSES, TOPICS, Topic, published_by, read_by

Manifest = dict[str, Any]
REPLICAS = 3


def topics() -> list[Manifest]:
    """One KafkaTopic a topic."""
    return [_topic(topic) for topic in TOPICS.values()]


def users() -> list[Manifest]:
    """One KafkaUser a process, with its password from the secret that the process mounts."""
    return [_user(process) for process in PROCESSES]


def _topic(topic: Topic) -> Manifest:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": _metadata(topic.name),
        "spec": {"partitions": topic.partitions, "replicas": REPLICAS, "config": topic_configs(topic, REPLICAS)},
    }


def _user(process: str) -> Manifest:
    secret = {"secretKeyRef": {"name": f"leak-{process}-kafka", "key": "kafka-password"}}
    acls = [
        *(_acl("topic", topic.name, "literal", "Write", "Describe") for topic in published_by(process)),
        *(_acl("topic", topic.name, "literal", "Read", "Describe") for topic in read_by(process)),
        _acl("group", f"{process}.", "prefix", "Read"),
    ]
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": _metadata(process),
        "spec": {
            "authentication": {"type": "scram-sha-512", "password": {"valueFrom": secret}},
            "authorization": {"type": "simple", "acls": acls},
        },
    }


def _acl(kind: str, name: str, pattern: str, *operations: str) -> Manifest:
    resource = {"type": kind, "name": name, "patternType": pattern}
    return {"resource": resource, "operations": list(operations), "host": "*"}


def _metadata(name: str) -> Manifest:
    return {"name": name, "namespace": KAFKA_NAMESPACE, "labels": {"strimzi.io/cluster": KAFKA_CLUSTER}}
