"""Topics, Kafka users and ACLs: what the registry says, no more and no less."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.setup.settings import Settings
from shared.events.topics import PROCESSES, TOPICS, Topic, published_by, read_by

REQUEST_S = 30
# With three replicas a record counts once two have it, so that one broker can be away.
SAFE_REPLICATION = 3
SCRAM_ITERATIONS = 8_192


def set_up(settings: Settings) -> None:
    """Bring the cluster to what the registry says."""
    admin = AdminClient(_connection(settings))
    # Waits for a broker that is still starting.
    existing = admin.list_topics(timeout=settings.wait_s).topics
    _make_topics(admin, settings, existing)
    _make_users(admin, settings)
    _make_acls(admin)


def _connection(settings: Settings) -> dict[str, Any]:
    connection = {
        "bootstrap.servers": settings.kafka_servers,
        "security.protocol": settings.kafka_security,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": settings.kafka_admin,
        "sasl.password": settings.admin_password("kafka"),
        # Its refused connections, while a broker starts, are no news.
        "log_level": 2,
    }
    if settings.kafka_ca_file:
        connection["ssl.ca.location"] = str(settings.kafka_ca_file)
    return connection


def topic_configs(topic: Topic, replication: int) -> dict[str, str]:
    """The settings of a topic that its registry entry decides."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_s * 1_000),
        # Kafka deletes whole segments only: without this, a record outlives its retention by a week.
        "segment.ms": str(topic.segment_s * 1_000),
        "min.insync.replicas": "2" if replication >= SAFE_REPLICATION else "1",
    }


def _make_topics(admin: AdminClient, settings: Settings, existing: Mapping[str, Any]) -> None:
    missing = [topic for name, topic in TOPICS.items() if name not in existing]
    replication = settings.kafka_replication
    new = [NewTopic(t.name, t.partitions, replication, config=topic_configs(t, replication)) for t in missing]
    _wait(admin.create_topics(new) if new else {})
    present = [topic for name, topic in TOPICS.items() if name in existing]
    more = [NewPartitions(t.name, t.partitions) for t in present if len(existing[t.name].partitions) < t.partitions]
    _wait(admin.create_partitions(more) if more else {})
    _correct_configs(admin, present, replication)


def _correct_configs(admin: AdminClient, topics: Iterable[Topic], replication: int) -> None:
    resources = []
    for topic in topics:
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in topic_configs(topic, replication).items()
        ]
        resources.append(ConfigResource(ConfigResource.Type.TOPIC, topic.name, incremental_configs=entries))
    _wait(admin.incremental_alter_configs(resources) if resources else {})


def _make_users(admin: AdminClient, settings: Settings) -> None:
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    passwords = {name: (settings.secrets_dir / name / "kafka-password").read_bytes() for name in PROCESSES}
    _wait(
        admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(name, scram, password) for name, password in passwords.items()]
        )
    )


def acls_of(process: str) -> set[AclBinding]:
    """A process writes what it owns, reads what it is registered to read, and joins groups that begin with its name."""
    # WRITE and READ contain DESCRIBE; since Kafka 2.8 WRITE on any topic contains IDEMPOTENT_WRITE on the cluster.
    return {
        *(_allow(process, AclOperation.WRITE, ResourceType.TOPIC, topic.name) for topic in published_by(process)),
        *(_allow(process, AclOperation.READ, ResourceType.TOPIC, topic.name) for topic in read_by(process)),
        # The dot: `mailer` must not match what begins with `mailer-letters`.
        _allow(process, AclOperation.READ, ResourceType.GROUP, f"{process}."),
    }


def _allow(process: str, operation: AclOperation, kind: ResourceType, name: str) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if kind == ResourceType.GROUP else ResourcePatternType.LITERAL
    return AclBinding(kind, name, pattern, f"User:{process}", "*", operation, AclPermissionType.ALLOW)


def _make_acls(admin: AdminClient) -> None:
    for process in PROCESSES:
        wanted, found = acls_of(process), set(admin.describe_acls(_any_acl(process)).result(REQUEST_S))
        _wait(admin.create_acls(list(wanted - found)) if wanted - found else {})
        _wait(admin.delete_acls([_exactly(acl) for acl in found - wanted]) if found - wanted else {})


def _any_acl(process: str) -> AclBindingFilter:
    anything: Any = None
    kind, pattern, rights = ResourceType.ANY, ResourcePatternType.ANY, (AclOperation.ANY, AclPermissionType.ANY)
    return AclBindingFilter(kind, anything, pattern, f"User:{process}", anything, *rights)


def _exactly(acl: AclBinding) -> AclBindingFilter:
    resource = (acl.restype, acl.name, acl.resource_pattern_type)
    return AclBindingFilter(*resource, acl.principal, acl.host, acl.operation, acl.permission_type)


def _wait(answers: Mapping[Any, Future[Any]]) -> None:
    for answer in answers.values():
        answer.result(REQUEST_S)
