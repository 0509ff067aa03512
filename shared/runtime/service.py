"""A service's life: wait for what it needs, consume, serve, repeat, and stop without losing anything."""

import asyncio
import gc
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

import uvloop
from faststream import AckPolicy

from shared.events.dead import DeadLetter
from shared.events.event import Event
from shared.runtime import health, logs, memory, metrics, mongo
from shared.runtime.clock import utc_now
from shared.runtime.delivery import Delivery, Received, sanitising_parser, undecoded
from shared.runtime.kafka import POLL_WITHIN_MS, Positions, Publisher, consumer_broker, group_of
from shared.runtime.listener import Listener
from shared.runtime.settings import ServiceSettings

E = TypeVar("E", bound=Event)
Hook = Callable[[], Awaitable[None]]

BATCH_RECORDS = 500
WAIT_AGAIN_S = 1.0
LAG_EVERY_S = 10.0


class Service:
    """One service. `wiring.build` declares what it does; `run` lives it."""

    def __init__(self, settings: ServiceSettings, publisher: Publisher | None = None) -> None:
        self.name = settings.SERVICE
        self.settings = settings
        self.publisher = publisher or Publisher(settings)
        self.health = health.Health()
        self.deliveries: dict[str, Delivery[Any]] = {}
        self._positions = Positions(settings)
        self.ready_when("Kafka", self._positions.answers)
        self._broker = consumer_broker(settings)
        self._subscribers: dict[str, Any] = {}
        self._listeners: list[Listener] = []
        self._loops: list[tuple[str, float, Hook]] = []
        self._on_start: list[Hook] = []
        self._on_stop: list[Hook] = []
        self._stopping = asyncio.Event()
        self._database: mongo.Database | None = None
        self._log = logs.get(self.name)

    # -- what wiring declares

    def database(self) -> mongo.Database:
        """The service's own database; the service is unready while it is away."""
        if self._database is None:
            database = self._database = mongo.connect(self.settings)
            self.ready_when("its database", lambda: mongo.ping(database))
        return self._database

    def subscribe(self, model: type[E], handler: Callable[[Any], Awaitable[None]], *, batch: bool = False) -> None:
        """Deliver a topic's events to `handler`: a batch at a time, or one by one in order."""

        async def one_by_one(events: Sequence[E]) -> None:
            for event in events:
                await handler(event)

        delivery = Delivery(model.TOPIC, model, handler if batch else one_by_one, self._bury)
        self.deliveries[model.TOPIC] = delivery
        self.health.deliveries.append(delivery)
        subscriber = self._broker.subscriber(
            model.TOPIC,
            batch=True,
            max_records=BATCH_RECORDS,
            group_id=group_of(self.name, model.TOPIC),
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            max_poll_interval_ms=POLL_WITHIN_MS,
            parser=sanitising_parser,
            decoder=undecoded,
        )
        subscriber(delivery.__call__)
        self._subscribers[model.TOPIC] = subscriber

    def every(self, seconds: float, work: Hook, *, name: str) -> None:
        """Repeat `work`, with jitter, for as long as the service lives; a round that fails is counted and forgotten."""
        self._loops.append((name, seconds, work))

    def on_start(self, hook: Hook) -> None:
        """Run before the first record is consumed: indexes."""
        self._on_start.append(hook)

    def on_stop(self, hook: Hook) -> None:
        """Run after the last record is consumed."""
        self._on_stop.append(hook)

    def ready_when(self, what: str, check: health.Check) -> None:
        """Be ready only while `check` does not raise; `what` says what is waited for."""
        self.health.checks.append((what, check))

    def serve(self, app: Any, host: str, port: int) -> None:
        """Listen for people or clients, beside the internal port; opens when everything else is there."""
        self._listeners.append(Listener(app, host, port, self.settings.stop_within_s))

    async def caught_up(self, model: type[Event]) -> None:
        """Return once every record now in the topic was handled by this service, whichever replica had it."""
        await self._positions.wait_until_read(model.TOPIC)

    # -- its life

    def run(self) -> None:
        """Live until SIGTERM or SIGINT."""
        memory.forbid_core_dumps()
        logs.configure(self.name, self.settings.log_level)
        if unset := memory.unset(os.environ):
            self._log.warning("memory that is freed is not overwritten", reason=f"not set as in the image: {unset}")
        uvloop.run(self.live())

    async def live(self) -> None:
        """Start, work, stop; the body of `run`."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stopping.set)
        internal = Listener(
            health.application(self.health), self.settings.internal_host, self.settings.internal_port, stop_within_s=1
        )
        internal_task = asyncio.create_task(internal.listen())
        starting = asyncio.create_task(self._start())
        try:
            await _first(starting, self._stopping.wait(), internal_task)
            if starting.done():
                tasks = starting.result()
                await _first(self._stopping.wait(), internal_task, *tasks)
            else:
                tasks = []
                await _cancelled(starting)
            await self._stop(tasks)
        finally:
            starting.cancel()
            await internal.stop()
            await internal_task

    async def _start(self) -> list[asyncio.Task[None]]:
        await self._wait_for("Kafka", self.publisher.start)
        await self._wait_for("Kafka", self._positions.start)
        for what, check in self.health.checks:
            await self._wait_for(what, check)
        for hook in self._on_start:
            await self._wait_for("its store", hook)
        await self._wait_for("Kafka", self._consume)
        own: list[tuple[str, float, Hook]] = [
            ("lag", LAG_EVERY_S, self._lag),
            ("overwrite_read_buffer", memory.OVERWRITE_EVERY_S, memory.overwrite_read_buffer),
        ]
        tasks = [asyncio.create_task(self._repeat(*one)) for one in [*self._loops, *own]]
        tasks += [asyncio.create_task(listener.listen()) for listener in self._listeners]
        _calm_the_garbage_collector()
        self.health.waiting_for = None
        self._log.info("ready")
        return tasks

    async def _consume(self) -> None:
        await self._broker.connect()
        # Side by side: each waits until its group has let go of a member that died, up to a session.
        starts = (subscriber.start() for subscriber in self._subscribers.values())
        ended = await asyncio.gather(*starts, return_exceptions=True)
        if failed := [error for error in ended if error is not None]:
            await self._broker.stop()
            raise failed[0]

    async def _stop(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """What is in flight ends first; then nobody is left who could want the stores."""
        self._stopping.set()
        self.health.waiting_for = "nothing: it is stopping"
        self._log.info("stopping")
        for listener in self._listeners:
            await listener.stop()
        await self._broker.stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.settings.stop_within_s)
            for task in late:
                task.cancel()
        for hook in self._on_stop:
            await hook()
        await self._positions.stop()
        await self.publisher.stop()
        failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
        self._log.info("stopped")
        for task in failed:
            raise cast("BaseException", task.exception())

    async def _wait_for(self, what: str, attempt: Hook) -> None:
        self.health.waiting_for = what
        while True:
            try:
                await attempt()
            except Exception as error:  # noqa: BLE001  # whatever is away, we wait for it and say so
                self._log.warning("waiting", waiting_for=what, error_class=type(error).__name__)
                await asyncio.sleep(WAIT_AGAIN_S)
            else:
                return

    async def _repeat(self, name: str, seconds: float, work: Hook) -> None:
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as error:  # noqa: BLE001  # the next round finds what this one left
                metrics.LOOP_FAILED.labels(name).inc()
                self._log.warning("a round failed", job=name, error_class=type(error).__name__, where=logs.where(error))
            pause = seconds * random.uniform(0.8, 1.2)  # noqa: S311
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _lag(self) -> None:
        for topic, subscriber in self._subscribers.items():
            consumer = subscriber.consumer
            behind = 0
            for partition in consumer.assignment():
                behind += max(0, (consumer.highwater(partition) or 0) - await consumer.position(partition))
            metrics.LAG.labels(topic).set(behind)

    async def _bury(self, received: Received[Any], error: BaseException, attempts: int) -> None:
        record = received.record
        await self.publisher.publish(
            DeadLetter.model_construct(
                service=self.name,
                from_topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                record_key=record.key,
                record_value=record.value,
                record_headers=dict(record.headers),
                error_class=type(error).__name__,
                attempts=attempts,
                died_at=utc_now(),
            )
        )


def _calm_the_garbage_collector() -> None:
    # Full collections over a warmed-up heap were the 40 ms p99 of the accept path.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _first(*waiting: Awaitable[Any]) -> None:
    tasks = [asyncio.ensure_future(one) for one in waiting]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
