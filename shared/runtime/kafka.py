"""Kafka clients: one producer that is durable when it says so, and where a group stands."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.events.event import Event
from shared.runtime import logs, metrics
from shared.runtime.envelope import Outgoing, outgoing, timestamp_ms
from shared.runtime.errors import Transient
from shared.runtime.settings import ServiceSettings

SEND_WITHIN_S = 30
ANSWER_WITHIN_S = 5
CONNECT_AGAIN_S = 0.5

log = logs.get("kafka")


def group_of(service: str, topic: str) -> str:
    """One consumer group a service and topic, so that one topic's trouble rebalances no other."""
    return f"{service}.{topic}"


def client_options(settings: ServiceSettings) -> dict[str, Any]:
    """How every aiokafka client signs in: SCRAM-SHA-512, as the service's own user."""
    secure = settings.kafka_security == "SASL_SSL"
    return {
        "bootstrap_servers": settings.kafka_servers.split(","),
        "security_protocol": settings.kafka_security,
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": settings.process,
        "sasl_plain_password": settings.password("kafka-password"),
        "ssl_context": ssl_context(settings) if secure else None,
    }


def ssl_context(settings: ServiceSettings) -> ssl.SSLContext:
    """Trusts the cluster's own certificate authority, or the public ones."""
    return ssl.create_default_context(cafile=settings.kafka_ca_file)


def producer(settings: ServiceSettings) -> AIOKafkaProducer:
    """A producer whose acknowledgement means: on every in-sync replica, once."""
    return AIOKafkaProducer(
        **client_options(settings),
        client_id=settings.process,
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        request_timeout_ms=SEND_WITHIN_S * 1_000,
        max_batch_size=262_144,
    )


class Publisher:
    """Publishes events as one service; durable when it returns."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.service = settings.process
        self._settings = settings
        self.producer: AIOKafkaProducer | None = None
        self._renewing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect; raises while Kafka is away."""
        if self.producer is None:
            started = producer(self._settings)
            try:
                await started.start()
            except BaseException:
                await started.stop()
                raise
            self.producer = started

    async def stop(self) -> None:
        """Send what is buffered and disconnect."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        if self.producer is not None:
            await self.producer.stop()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AIOKafkaProducer]:
        """The producer, to send with; Transient when there is none, or when it is refused."""
        producer = self.producer
        if producer is None:
            raise Transient("Kafka is not connected")
        try:
            yield producer
        except KafkaError as refused:
            if self.producer is producer:
                self.producer = None
                log.warning("Kafka refused a batch: connecting anew", error=refused)
                self._renewing = asyncio.create_task(self._renew(producer))
            raise Transient("Kafka did not take the records") from refused

    async def _renew(self, refused: AIOKafkaProducer) -> None:
        """Aiokafka counted the batch that was refused, the broker did not: of that producer it takes no other one."""
        try:
            while self.producer is None:
                try:
                    await self.start()
                except Exception:  # noqa: BLE001  # whatever is away, until it is back
                    await asyncio.sleep(CONNECT_AGAIN_S)
        finally:
            with suppress(KafkaError):
                await refused.stop()

    async def publish(self, *events: Event) -> None:
        """Durable when it returns; Transient when Kafka does not take these events."""
        await self.send([outgoing(event, self.service) for event in events])

    async def send(self, records: Sequence[Outgoing]) -> None:
        """Send ready-made records, gathered; the durable half of `publish`."""
        at = timestamp_ms()
        async with self.connected() as producer:
            waiting = [
                await producer.send(
                    record.topic, record.value, record.key, timestamp_ms=at, headers=list(record.headers)
                )
                for record in records
            ]
            await asyncio.gather(*waiting)
        for record in records:
            metrics.PUBLISHED.labels(record.topic).inc()


class Positions:
    """Where topics end and where this service's groups stand, across all replicas."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None
        self._read: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        """Connect; raises while Kafka is away."""
        options = client_options(self._settings)
        if self._consumer is None:
            consumer = AIOKafkaConsumer(**options, group_id=None, enable_auto_commit=False)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        if self._admin is None:
            admin = AIOKafkaAdminClient(**options)
            try:
                await admin.start()
            except BaseException:
                await admin.close()
                raise
            self._admin = admin

    async def stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()
        if self._admin is not None:
            await self._admin.close()

    async def answers(self) -> None:
        """Raise when no broker answers."""
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await self._connected(self._admin).describe_cluster()

    async def wait_until_read(self, topic: str, within_s: float = 30.0) -> None:
        """Return once every record that the topic holds now has been handled by this service.

        Transient when that takes longer than `within_s`.
        """
        ends = await self.ends(topic)
        deadline = asyncio.get_running_loop().time() + within_s
        while not await self._handled_up_to(topic, ends):
            if asyncio.get_running_loop().time() > deadline:
                raise Transient("records that must be read first are still unread")
            await asyncio.sleep(0.02)

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """The offset after the last record of each partition."""
        consumer = self._connected(self._consumer)
        partitions = consumer.partitions_for_topic(topic) or await self._partitions(consumer, topic)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(
            [TopicPartition(topic, partition) for partition in partitions]
        )
        return ends

    async def _handled_up_to(self, topic: str, ends: dict[TopicPartition, int]) -> bool:
        # What was read stays read: most questions are answered without asking Kafka for the group's place.
        unread = [tp for tp, end in ends.items() if self._read.get(tp, 0) != end]
        if not unread:
            return True
        committed = await self._connected(self._admin).list_consumer_group_offsets(
            group_of(self._settings.process, topic)
        )
        unread = [tp for tp in unread if self._offset(committed, tp) < ends[tp]]
        self._read |= {tp: end for tp, end in ends.items() if tp not in unread}
        if not unread:
            return True
        # A partition that nobody committed may hold nothing any more: retention moved its start up to its end.
        starts = await self._connected(self._consumer).beginning_offsets(unread)
        return all(starts[tp] >= ends[tp] for tp in unread)

    @staticmethod
    def _offset(committed: dict[TopicPartition, Any], partition: TopicPartition) -> int:
        position = committed.get(partition)
        return position.offset if position is not None else -1

    @staticmethod
    async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> Iterable[int]:
        await consumer._client.force_metadata_update()  # noqa: SLF001  # aiokafka has no public call for an unsubscribed topic
        partitions: set[int] | None = consumer.partitions_for_topic(topic)
        if not partitions:
            raise Transient("the topic is not there yet")
        return partitions

    @staticmethod
    def _connected(client: Any) -> Any:
        if client is None:
            raise Transient("Kafka is not connected")
        return client
