"""Where consumer groups stand, asked as the administrator."""

import time

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from shared.events.topics import PROCESSES, Topic, read_by
from shared.runtime.kafka import group_of

WITHIN_S = 30
MOVED = (
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError._TRANSPORT,  # noqa: SLF001  # how the library spells its constants
    KafkaError._TIMED_OUT,  # noqa: SLF001
)


def all_read(admin: AdminClient) -> bool:
    """Whether every process has handled all that it reads; its dead letters are for people."""
    return not any(
        lag(admin, process, topic)
        for process in PROCESSES
        for topic in read_by(process)
        if not topic.name.endswith(".dead.v1")
    )


def lag(admin: AdminClient, process: str, topic: Topic) -> int:
    """Records that this process has not handled yet."""
    asked = [ConsumerGroupTopicPartitions(group_of(process, topic.name))]
    [told] = [done.result(WITHIN_S) for done in admin.list_consumer_group_offsets(asked).values()]
    committed = {place.partition: place.offset for place in told.topic_partitions}
    ends = _offsets(admin, topic, OffsetSpec.latest())
    behind = {part: end for part, end in ends.items() if committed.get(part, -1) < end}
    # What nobody ever committed may hold nothing any more.
    starts = _offsets(admin, topic, OffsetSpec.earliest()) if behind else {}
    return sum(end - max(starts[part], committed.get(part, 0)) for part, end in behind.items())


def _offsets(admin: AdminClient, topic: Topic, which: OffsetSpec) -> dict[int, int]:
    asked = {TopicPartition(topic.name, part): which for part in range(topic.partitions)}
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            return {place.partition: done.result(WITHIN_S).offset for place, done in admin.list_offsets(asked).items()}
        except KafkaException as refused:
            # After a restart the broker has a newer epoch than the client remembers: look at the cluster again.
            if time.monotonic() > deadline or refused.args[0].code() not in MOVED:
                raise
            admin.list_topics(timeout=WITHIN_S)
