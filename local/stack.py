"""The real parts for tests and benchmarks: Kafka with its users and ACLs, two databases, services as processes."""

import contextlib
import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient

from local import jars, programs
from local.databases import Database
from local.failures import Failure
from local.kafka import ADMIN
from local.layout import HOST, JARS, ports
from local.preconditions import need_ports
from local.programs import Program, Stack
from local.servers import Servers, make, servers
from local.until import PATIENCE_S, until
from shared.events.topics import PROCESSES, TOPICS

Record = tuple[bytes | None, bytes | None, dict[str, Any]]
"""Key, value, headers."""


@dataclass
class RealParts:
    """What a test gets as `stack`: every process has its user, its rights and its secrets, as in production."""

    layout: Stack
    servers: Servers
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def environment(self, process: str, **settings: object) -> dict[str, str]:
        """All settings of a process as environment variables; `settings` without prefix, in lower case, override."""
        prefix = _prefix(process)
        own = {prefix + name.upper(): str(value) for name, value in settings.items()}
        return {**programs.service_environment(self.layout, self.servers, process), **own}

    def settings(self, process: str, **settings: object) -> dict[str, str]:
        """The same without the prefix, to construct a service's Settings from."""
        prefix = _prefix(process)
        environment = self.environment(process, **settings).items()
        return {name.removeprefix(prefix).lower(): value for name, value in environment if name.startswith(prefix)}

    def secrets(self, process: str) -> Path:
        """The folder with a service's keys and passwords."""
        return self.layout.paths.secrets / process

    def kafka_login(self, user: str) -> dict[str, Any]:
        """For aiokafka's clients: a service's login, or the administrator's."""
        password = self.servers.kafka.admin_password if user == ADMIN else self._secret(user, "kafka-password")
        return {
            "bootstrap_servers": self.servers.kafka.servers,
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    def librdkafka_login(self, user: str) -> dict[str, Any]:
        """For confluent-kafka's clients."""
        names = {"bootstrap_servers": "bootstrap.servers", "security_protocol": "security.protocol"}
        names |= {"sasl_mechanism": "sasl.mechanism"}
        names |= {"sasl_plain_username": "sasl.username", "sasl_plain_password": "sasl.password"}
        return {names[name]: value for name, value in self.kafka_login(user).items()} | {"log_level": 2}

    @cached_property
    def kafka_admin(self) -> AdminClient:
        """The super user's client; one for all, since its answers end with it."""
        return AdminClient(self.librdkafka_login(ADMIN))

    def mongo_login(self, process: str) -> dict[str, Any]:
        """For MongoClient and motor: a service's login at its own server."""
        password = self._secret(process, "mongo-password")
        return {"host": self._database(process).url, "username": process, "password": password, "authSource": process}

    def mongo_admin(self, process: str) -> dict[str, Any]:
        """For MongoClient and motor: the administrator's login at the server of `process`."""
        server = self._database(process)
        return {"host": server.url, "username": ADMIN, "password": server.admin_password}

    def read(self, topic: str) -> list[Record]:
        """Every record now in a topic, as the administrator: key, value, headers."""
        settings = {
            "group.id": "test",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
        }
        consumer = Consumer({**self.librdkafka_login(ADMIN), **settings})
        try:
            return list(_read_all(consumer, topic))
        finally:
            consumer.close()

    def empty(self) -> None:
        """Forget every record and every document, so that a test begins with nothing; users, rights, indexes stay."""
        self.empty_topics()
        for process in PROCESSES:
            with MongoClient[dict[str, Any]](**self.mongo_login(process)) as client:
                # The documents alone: a process that runs still needs the indexes that it made.
                for name in client[process].list_collection_names():
                    client[process][name].delete_many({})

    def empty_topics(self) -> None:
        """Forget every record."""
        admin = self.kafka_admin
        present = [name for name in TOPICS if name in admin.list_topics(timeout=PATIENCE_S).topics]
        partitions = [TopicPartition(name, number, -1) for name in present for number in range(TOPICS[name].partitions)]
        until(partial(_all_deleted, admin, partitions), "every partition is empty")

    def start(self, process: str, **settings: object) -> "subprocess.Popen[bytes]":
        """Run a process as its own process and wait until it is ready; ended with the session, or by the test."""
        command = [programs.PYTHON, "-m", f"services.{PROCESSES[process].service}.main"]
        environment = self.environment(process, **settings)
        port = environment[f"{_prefix(process)}INTERNAL_PORT"]
        log = self.layout.paths.logs / f"{process}.log"
        child = self.launch(Program(process, command, environment), log)
        until(lambda: _answers(f"http://{HOST}:{port}/health/ready"), f"{process} is ready (log: {log})", child)
        return child

    def launch(self, program: Program, log: Path) -> "subprocess.Popen[bytes]":
        """Start any program in a group of its own."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                program.command,
                env=dict(program.environment),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def stop(self, process: "subprocess.Popen[bytes]") -> None:
        """End one of them as a supervisor does, and wait for it."""
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_S)

    def end(self) -> None:
        """End what runs."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _database(self, process: str) -> Database:
        return self.servers.audit_database if process == "audit" else self.servers.database

    def _secret(self, process: str, name: str) -> str:
        return (self.secrets(process) / name).read_text()


@contextlib.contextmanager
def running(home: Path) -> Iterator[RealParts]:
    """Start the servers under `home`, run the set-up step, and end everything afterwards."""
    # Whoever ends us ends what we started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    jars.install(JARS, lambda _done, _total: None)
    layout = Stack(home, free_base(), delay_max_s=0)
    these = servers(home, layout.base)
    make(these)
    these.kafka.configure()
    parts = RealParts(layout, these)
    try:
        for program in programs.server_programs(layout, these):
            if program.port:
                process = parts.launch(program, layout.paths.logs / f"{program.name}.log")
                until(partial(accepts, program.port), f"{program.name} accepts", process)
        step = programs.set_up(layout, these)
        subprocess.run(step.command, env=dict(step.environment), cwd=step.folder, check=True, timeout=PATIENCE_S)
        yield parts
    finally:
        parts.end()


def free_base() -> int:
    """A base whose ports are all free now, below the range that systems give out by themselves."""
    while True:
        base = random.randrange(12_000, 30_000, 20)  # noqa: S311  # no secret
        with contextlib.suppress(Failure):
            need_ports(ports(base))
            return base


def accepts(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _all_deleted(admin: AdminClient, partitions: list[TopicPartition]) -> bool:
    # A topic that was just made may have no leader yet.
    return all(done.exception(PATIENCE_S) is None for done in admin.delete_records(partitions).values())


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _read_all(consumer: Consumer, topic: str) -> Iterator[Record]:
    unread = TOPICS[topic].partitions
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(unread)])
    while unread:
        message = consumer.poll(PATIENCE_S)
        if message is None:
            raise Failure(f"{topic} can't be read to its end")
        if (error := message.error()) is None:
            yield message.key(), message.value(), dict(message.headers() or {})
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # how the library spells its constant
            unread -= 1
        else:
            raise KafkaException(error)


def _prefix(process: str) -> str:
    return f"{PROCESSES[process].service.upper()}_"
