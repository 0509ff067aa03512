"""Every service's user is refused by real Kafka on everything that the registry doesn't give it: each pair tried."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from local.stack import RealParts
from shared.events.topics import PROCESSES, TOPICS
from shared.runtime.kafka import group_of

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

REQUEST_S = 30
READERS = [name for name in PROCESSES if any(name in topic.readers for topic in TOPICS.values())]
"""Who reads nothing has no group."""
REFUSED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}


def writable(parts: RealParts, user: str) -> set[str]:
    """The topics that take a record from this user: each is tried, with a record that every reader ignores."""
    refused: set[str] = set()
    taken: set[str] = set()
    producer = Producer({**parts.librdkafka_login(user), "message.timeout.ms": REQUEST_S * 1_000})
    for topic in TOPICS:

        def told(error: KafkaError | None, _record: object, topic: str = topic) -> None:
            assert error is None or error.code() in REFUSED, f"{user} writes {topic}: {error}"
            (refused if error else taken).add(topic)

        producer.produce(topic, b"{}", b"tried", on_delivery=told)
    assert producer.flush(REQUEST_S) == 0
    assert refused | taken == TOPICS.keys()
    return taken


def readable(parts: RealParts, user: str) -> set[str]:
    """The topics that give their records to this user. One that it may not even look up is refused by that."""
    settings = {"group.id": f"{user}.tried", "enable.auto.commit": False, "enable.partition.eof": True}
    consumer = Consumer({**parts.librdkafka_login(user), **settings, "fetch.wait.max.ms": 10})
    answered: dict[str, bool] = {}
    try:
        looked_up = {topic: consumer.list_topics(topic, REQUEST_S).topics[topic].error for topic in TOPICS}
        assert {error.code() for error in looked_up.values() if error} <= REFUSED
        shown = [topic for topic, error in looked_up.items() if error is None]
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING) for topic in shown])
        while len(answered) < len(shown):
            record = consumer.poll(REQUEST_S)
            assert record is not None, f"{user} reads {set(shown) - answered.keys()}: no answer"
            error = record.error()
            given = error is None or error.code() == KafkaError._PARTITION_EOF
            assert given or error.code() in REFUSED, f"{user} reads {record.topic()}: {error}"
            answered[record.topic()] = given
    finally:
        consumer.close()
    return {topic for topic, given in answered.items() if given}


def groups_in_reach(parts: RealParts, user: str) -> set[str]:
    """The groups of consumers whose standing this user may see, of all that there are by the registry."""
    admin = AdminClient(parts.librdkafka_login(user))
    groups = [group_of(service, topic.name) for topic in TOPICS.values() for service in topic.readers]
    described = admin.describe_consumer_groups(groups, request_timeout=REQUEST_S)
    return {group for group, answer in described.items() if _is_given(answer)}


def _is_given(answer: object) -> bool:
    try:
        answer.result(REQUEST_S)  # type: ignore[attr-defined]
    except KafkaException as refused:
        # Anything else than a refusal was let in, and failed inside.
        return refused.args[0].code() not in REFUSED
    return True


@pytest.mark.parametrize("user", PROCESSES)
def test_a_service_writes_what_it_owns_and_nothing_else(stack: RealParts, user: str) -> None:
    assert writable(stack, user) == {topic.name for topic in TOPICS.values() if topic.owner == user}


@pytest.mark.parametrize("user", PROCESSES)
def test_a_service_reads_what_it_is_registered_for_and_nothing_else(stack: RealParts, user: str) -> None:
    assert readable(stack, user) == {topic.name for topic in TOPICS.values() if user in topic.readers}


@pytest.mark.parametrize("user", PROCESSES)
def test_a_service_sees_its_own_groups_and_nobody_else_s(stack: RealParts, user: str) -> None:
    own = {group_of(user, topic.name) for topic in TOPICS.values() if user in topic.readers}
    assert groups_in_reach(stack, user) == own


@pytest.mark.parametrize("user", READERS)
def test_a_service_has_no_part_in_the_groups_of_another(stack: RealParts, user: str) -> None:
    admin = AdminClient(stack.librdkafka_login(user))
    own = next(topic.name for topic in TOPICS.values() if user in topic.readers)
    where = [TopicPartition(own, 0, 0)]
    for other in (name for name in READERS if name != user):
        group = group_of(other, own)
        for answers in (
            admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]),
            admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, where)]),
        ):
            assert [_is_given(answer) for answer in answers.values()] == [False]
        assert not _joins(stack, user, own, group)


def _joins(parts: RealParts, user: str, topic: str, group: str) -> bool:
    """Subscribe to what the user may read, as a member of another's group."""
    consumer = Consumer({**parts.librdkafka_login(user), "group.id": group, "auto.offset.reset": "earliest"})
    try:
        consumer.subscribe([topic])
        answer = consumer.poll(REQUEST_S)
        assert answer is not None, f"{user} joins {group}: no answer"
        return answer.error() is None or answer.error().code() not in REFUSED
    finally:
        consumer.close()


@pytest.mark.parametrize("user", PROCESSES)
def test_a_service_administers_nothing(stack: RealParts, user: str) -> None:
    admin = AdminClient(stack.librdkafka_login(user))
    topic = next(name for name in TOPICS if user in (TOPICS[name].owner, *TOPICS[name].readers))
    other = next(group_of(one, name) for name in TOPICS for one in TOPICS[name].readers if one != user)
    acl = AclBinding(
        ResourceType.TOPIC,
        topic,
        ResourcePatternType.LITERAL,
        f"User:{user}",
        "*",
        AclOperation.ALL,
        AclPermissionType.ALLOW,
    )
    tries = {
        "makes a topic": admin.create_topics([NewTopic("made.up.v1", 1, 1)]),
        "deletes its topic": admin.delete_topics([topic], operation_timeout=REQUEST_S),
        "deletes its records": admin.delete_records([TopicPartition(topic, 0, 0)]),
        "reads its topic's settings": admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]),
        "reads the broker's settings": admin.describe_configs([ConfigResource(ConfigResource.Type.BROKER, "1")]),
        "gives itself a right": admin.create_acls([acl]),
        "takes a right away": admin.delete_acls(
            [
                AclBindingFilter(
                    ResourceType.ANY,
                    None,
                    ResourcePatternType.ANY,
                    None,
                    None,
                    AclOperation.ANY,
                    AclPermissionType.ANY,
                )
            ]
        ),
        "moves another's group": admin.alter_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(other, [TopicPartition(topic, 0, 0)])]
        ),
        "deletes another's group": admin.delete_consumer_groups([other]),
    }
    done = [what for what, answers in tries.items() for answer in answers.values() if _is_given(answer)]
    assert done == []


def test_a_right_too_many_is_seen(stack: RealParts) -> None:
    topic = TOPICS["origin.captured.v1"].name
    with _given(stack, "moderation", AclOperation.READ, topic):
        assert topic in readable(stack, "moderation")
    with _given(stack, "mailer-letters", AclOperation.WRITE, topic):
        assert topic in writable(stack, "mailer-letters")
    assert topic not in readable(stack, "moderation") | writable(stack, "mailer-letters")


@contextmanager
def _given(parts: RealParts, user: str, operation: AclOperation, topic: str) -> Iterator[None]:
    what = (ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*", operation)
    admin = parts.kafka_admin
    for answer in admin.create_acls([AclBinding(*what, AclPermissionType.ALLOW)]).values():
        answer.result(REQUEST_S)
    try:
        yield
    finally:
        for answer in admin.delete_acls([AclBindingFilter(*what, AclPermissionType.ALLOW)]).values():
            answer.result(REQUEST_S)
