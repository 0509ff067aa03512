"""A service's life: wait for what it needs, consume, serve, repeat, and stop without losing anything."""

import asyncio
import gc
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import uvloop
from aiokafka import ConsumerRecord

from shared.events.dead import DeadLetter
from shared.events.event import Event
from shared.runtime import consuming, health, logs, memory, metrics, mongo
from shared.runtime.clock import utc_now
from shared.runtime.connections import ConnectionLimits, connections_within_file_limit
from shared.runtime.delivery import Delivery, Policy
from shared.runtime.envelope import Received
from shared.runtime.kafka import Positions, Publisher
from shared.runtime.listener import Listener
from shared.runtime.networks import Network
from shared.runtime.settings import ServiceSettings

E = TypeVar("E", bound=Event)
Hook = Callable[[], Awaitable[None]]

WAIT_AGAIN_S = 1.0
LAG_EVERY_S = 10.0
INTERNAL_CONNECTIONS = 64
"""Kept apart for probes and metrics, so that a flood at the other port leaves the service alive."""


@dataclass(frozen=True)
class PeriodicJob:
    """Work that is done again and again, with jitter."""

    name: str
    every_s: float
    work: Hook


class Service:
    """One service. `wiring.build` declares what it does; `run` lives it.

    Tests live it step by step: `prepare`, `deliveries`, `jobs`, `listeners`, `release`.
    """

    def __init__(
        self, settings: ServiceSettings, publisher: Publisher | None = None, policy: Policy | None = None
    ) -> None:
        self.name = settings.process
        self.settings = settings
        self.publisher = publisher or Publisher(settings)
        self.health = health.Health()
        self.deliveries: dict[str, Delivery[Any]] = {}
        self.jobs: dict[str, PeriodicJob] = {}
        self.listeners: list[Listener] = []
        self._policy = policy
        self._positions = Positions(settings)
        self.ready_when("Kafka", self._positions.answers)
        self._broker = consuming.consumer_broker(settings)
        self._subscribers: dict[str, Any] = {}
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

    def subscribe(
        self,
        model: type[E],
        handler: Callable[[Any], Awaitable[None]],
        *,
        batch: bool = False,
        received: bool = False,
    ) -> None:
        """Deliver a topic's events to `handler`: a batch at a time, or one by one in order.

        With `received`, each event comes as a `Received`, which knows its record's place.
        """

        async def handle(came: Sequence[Received[E]]) -> None:
            events = came if received else [one.event for one in came]
            if batch:
                await handler(events)
            else:
                for event in events:
                    await handler(event)

        delivery = Delivery(model, handle, self._bury, self._policy)
        self.deliveries[model.TOPIC] = delivery
        self.health.deliveries.append(delivery)
        self._subscribers[model.TOPIC] = consuming.subscribe(self._broker, self.name, delivery)

    def every(self, seconds: float, work: Hook, *, name: str) -> None:
        """Repeat `work`, with jitter, for as long as the service lives; a time that fails is counted, no more."""
        if name in self.jobs:
            raise ValueError(f"two jobs of {self.name} are called {name}")
        self.jobs[name] = PeriodicJob(name, seconds, work)

    def on_start(self, hook: Hook) -> None:
        """Run before the first record is consumed: indexes."""
        self._on_start.append(hook)

    def on_stop(self, hook: Hook) -> None:
        """Run after the last record is consumed."""
        self._on_stop.append(hook)

    def ready_when(self, what: str, check: health.Check) -> None:
        """Be ready only while `check` does not raise; `what` says what is waited for."""
        self.health.checks.append((what, check))

    def serve(self, app: Any, host: str, port: int, *, proxies: Iterable[Network] = ()) -> None:
        """Listen for people or clients, beside the internal port; opens when everything else is there.

        `proxies` carry many people, so their connections count in all but not as one network's.
        """
        most = min(self.settings.connections, connections_within_file_limit())
        limits = ConnectionLimits(most, self.settings.connections_a_network, proxies)
        self.listeners.append(Listener(app, host, port, stop_within_s=self.settings.stop_within_s, limits=limits))

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

    def stop(self) -> None:
        """End `live`, as SIGTERM does."""
        self._stopping.set()

    async def prepare(self) -> None:
        """What `on_start` declared."""
        for hook in self._on_start:
            await hook()

    async def release(self) -> None:
        """What `on_stop` declared."""
        for hook in self._on_stop:
            await hook()

    async def live(self) -> None:
        """Start, work, stop; the body of `run`."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)
        internal = Listener(
            health.application(self.health),
            self.settings.internal_host,
            self.settings.internal_port,
            stop_within_s=1,
            limits=ConnectionLimits(INTERNAL_CONNECTIONS, INTERNAL_CONNECTIONS),
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
            await self._wind_down(tasks)
        finally:
            starting.cancel()
            await internal.stop()
            await internal_task

    async def _start(self) -> list[asyncio.Task[None]]:
        await self._wait_for("Kafka", self.publisher.start)
        await self._wait_for("Kafka", self._positions.start)
        for what, check in self.health.checks:
            await self._wait_for(what, check)
        await self._wait_for("its store", self.prepare)
        await self._wait_for("Kafka", self._consume)
        jobs = [
            *self.jobs.values(),
            PeriodicJob("lag", LAG_EVERY_S, self._lag),
            PeriodicJob("overwrite_read_buffer", memory.OVERWRITE_EVERY_S, memory.overwrite_read_buffer),
        ]
        tasks = [asyncio.create_task(self._repeat(job)) for job in jobs]
        tasks += [asyncio.create_task(listener.listen()) for listener in self.listeners]
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

    async def _wind_down(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """What is in flight ends first; then nobody is left who could want the stores."""
        self.stop()
        self.health.waiting_for = "its next start: it is stopping"
        self._log.info("stopping")
        for listener in self.listeners:
            await listener.stop()
        await self._broker.stop()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.settings.stop_within_s)
            for task in late:
                task.cancel()
        await self.release()
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
                self._log.warning("waiting", waiting_for=what, error=error)
                await asyncio.sleep(WAIT_AGAIN_S)
            else:
                return

    async def _repeat(self, job: PeriodicJob) -> None:
        while not self._stopping.is_set():
            try:
                await job.work()
            except Exception as error:  # noqa: BLE001  # the next time finds what this one left
                metrics.JOB_FAILED.labels(job.name).inc()
                self._log.warning("a job failed", job=job.name, error=error)
            pause = job.every_s * random.uniform(0.8, 1.2)  # noqa: S311
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _lag(self) -> None:
        for topic, subscriber in self._subscribers.items():
            consumer = subscriber.consumer
            behind = 0
            for partition in consumer.assignment():
                behind += max(0, (consumer.highwater(partition) or 0) - await consumer.position(partition))
            metrics.LAG.labels(topic).set(behind)

    async def _bury(self, record: ConsumerRecord, error: BaseException, attempts: int) -> None:
        await self.publisher.publish(
            DeadLetter.model_construct(
                process=self.name,
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
