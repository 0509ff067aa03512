"""The set-up step on the real servers: what the registry gives works, what it does not give is refused."""

import subprocess
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourcePatternType,
    ResourceType,
)
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import OperationFailure

from deploy.setup.kafka import topic_configs
from local import programs
from local.stack import RealParts
from shared.events.topics import PROCESSES, TOPICS, published_by, read_by

pytestmark = pytest.mark.integration


def run_set_up(stack: RealParts) -> None:
    step = programs.set_up(stack.layout, stack.servers)
    subprocess.run(step.command, env=dict(step.environment), cwd=step.folder, check=True, timeout=60)


async def may_write(stack: RealParts, service: str, topic: str) -> bool:
    async with AIOKafkaProducer(**stack.kafka_login(service), acks="all", enable_idempotence=True) as producer:
        try:
            await producer.send_and_wait(topic, b"{}")
        except TopicAuthorizationFailedError:
            return False
        return True


async def may_read(stack: RealParts, service: str, topic: str, group: str) -> bool:
    consumer = AIOKafkaConsumer(**stack.kafka_login(service), group_id=group, auto_offset_reset="earliest")
    try:
        consumer.subscribe([topic])
        await consumer.start()
        await consumer.getmany(timeout_ms=300)
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
        return False
    finally:
        await consumer.stop()
    return True


def configs_of(stack: RealParts, topic: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    entries = stack.kafka_admin.describe_configs([resource])[resource].result(30)
    return {name: entry.value for name, entry in entries.items()}


async def test_every_topic_of_the_registry_has_its_partitions_and_settings(stack: RealParts) -> None:
    present = stack.kafka_admin.list_topics(timeout=30).topics
    for name, topic in TOPICS.items():
        assert len(present[name].partitions) == topic.partitions
        assert topic_configs(topic, 1).items() <= configs_of(stack, name).items()


@pytest.mark.parametrize("service", PROCESSES)
async def test_a_service_writes_its_own_topics_and_no_other(stack: RealParts, service: str) -> None:
    own = {topic.name for topic in published_by(service)}
    assert {name for name in TOPICS if await may_write(stack, service, name)} == own


async def test_a_service_reads_what_it_is_registered_for_and_nothing_else(stack: RealParts) -> None:
    assert await may_read(stack, "audit", "origin.captured.v1", "audit.x")
    assert await may_read(stack, "mailer-letters", "mailer-letters.dead.v1", "mailer-letters.replay")
    for service in set(PROCESSES) - {"audit"}:
        assert "origin.captured.v1" not in {topic.name for topic in read_by(service)}
        assert not await may_read(stack, service, "origin.captured.v1", f"{service}.x")


async def test_a_service_can_not_join_another_ones_group(stack: RealParts) -> None:
    assert not await may_read(stack, "gateway-status", "leak.confirmed.v1", "moderation.leak.confirmed.v1")


async def test_a_second_run_corrects_what_differs_and_takes_stale_rights_away(stack: RealParts) -> None:
    admin, topic = stack.kafka_admin, "leak.decided.v1"
    wrong = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[wrong])
    admin.incremental_alter_configs([resource])[resource].result(30)
    rights = (ResourcePatternType.LITERAL, "User:mailer-letters", "*", AclOperation.READ, AclPermissionType.ALLOW)
    stale = AclBinding(ResourceType.TOPIC, "origin.captured.v1", *rights)
    admin.create_acls([stale])[stale].result(30)
    assert await may_read(stack, "mailer-letters", "origin.captured.v1", "mailer-letters.x")

    run_set_up(stack)

    assert configs_of(stack, topic)["retention.ms"] == str(TOPICS[topic].retention_s * 1_000)
    assert not await may_read(stack, "mailer-letters", "origin.captured.v1", "mailer-letters.x")


def test_a_second_run_keeps_every_key(stack: RealParts) -> None:
    before = {path: path.read_bytes() for path in stack.layout.paths.secrets.rglob("*") if path.is_file()}
    run_set_up(stack)
    assert {path: path.read_bytes() for path in before} == before


async def test_a_service_has_its_own_database_and_no_other(stack: RealParts) -> None:
    for service in PROCESSES:
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(**stack.mongo_login(service))
        await client[service].probe.insert_one({"by": service})
        shown = PROCESSES[service].reads_database_of
        if shown:
            await client[shown].probe.find_one({})
            with pytest.raises(OperationFailure):
                await client[shown].probe.insert_one({"by": service})
        for other in {*PROCESSES, "admin", "local"} - {service, shown}:
            with pytest.raises(OperationFailure):
                await client[other].probe.find_one({})
        client.close()


async def test_no_other_service_can_sign_in_at_audits_server(stack: RealParts) -> None:
    for service in set(PROCESSES) - {"audit"}:
        login = stack.mongo_login(service) | {"host": stack.servers.audit_database.url}
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(**login)
        with pytest.raises(OperationFailure):
            await client[service].probe.find_one({})
        client.close()


async def test_emptying_leaves_no_record_and_no_document(empty_stack: RealParts) -> None:
    assert await may_write(empty_stack, "gateway-accept", "leak.submitted.v1")
    assert len(empty_stack.read("leak.submitted.v1")) == 1
    empty_stack.empty()
    assert empty_stack.read("leak.submitted.v1") == []
