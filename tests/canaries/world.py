"""Every process on the real parts, as itself or with a planted fault, and the doors that people use."""

import os
import signal
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from local.layout import CHECKOUT, HOST
from local.programs import PYTHON, Program, server_programs
from local.stack import RealParts, accepts
from local.until import until
from shared.console.passwords import generate
from shared.events.topics import PROCESSES
from tests.canaries.client import ask
from tests.canaries.people import TRUSTED_PROXY
from tests.canaries.places import Places

MODERATOR = "canary-moderator"
SETTINGS: Mapping[str, Mapping[str, object]] = {
    # Everything is said aloud: what debug lines don't tell, no other level does.
    **{service: {"log_level": "debug"} for service in PROCESSES},
    "gateway-accept": {"log_level": "debug", "trusted_proxies": TRUSTED_PROXY},
    "verifier": {"log_level": "debug", "sweep_every_s": 1},
}


@dataclass
class World:
    """What runs, and where its doors are."""

    parts: RealParts
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    password: str = ""

    @property
    def gateway(self) -> tuple[str, int]:
        return HOST, self.parts.layout.ports["gateway"]

    @property
    def places(self) -> Places:
        """Everything to be looked into."""
        url = self.parts.layout.url
        return Places(
            self.parts,
            [self.parts.layout.paths.logs],
            [f"{url(f'{service} health')}/metrics" for service in PROCESSES if service in self.running],
        )

    def start(
        self, services: Collection[str] = tuple(PROCESSES), faults: Mapping[str, str] | None = None, **gateway: object
    ) -> None:
        """All at once, since each takes seconds; `faults` names what is planted in which (see mutants.py)."""
        for service in services:
            fault = (faults or {}).get(service)
            module = (
                ["tests.canaries.mutants", service, fault] if fault else [f"services.{PROCESSES[service].service}.main"]
            )
            settings = {**SETTINGS[service], **(gateway if service == "gateway-accept" else {})}
            program = Program(service, [PYTHON, "-m", *module], self.parts.environment(service, **settings), CHECKOUT)
            self.running[service] = self.parts.launch(program, self.parts.layout.paths.logs / f"{service}.log")
        for service in services:
            until(partial(self._is_ready, service), f"{service} is ready", self.running[service])

    def _is_ready(self, service: str) -> bool:
        port = self.parts.layout.ports[f"{service} health"]
        return accepts(port) and ask((HOST, port), "GET", "/health/ready").status == HTTPStatus.OK

    def open_mailbox(self) -> None:
        """Where all mails arrive."""
        layout = self.parts.layout
        program = next(one for one in server_programs(layout, self.parts.servers) if one.name == "mailbox")
        self.running["mailbox"] = self.parts.launch(program, layout.paths.logs / "mailbox.log")
        until(lambda: accepts(layout.ports["smtp"]), "the mailbox is open", self.running["mailbox"])

    def stop(self, services: Collection[str] = tuple(PROCESSES)) -> None:
        """As an operator does."""
        ending = [self.running.pop(service) for service in services if service in self.running]
        for process in ending:
            os.killpg(process.pid, signal.SIGTERM)
        for process in ending:
            process.wait(30)

    def forget(self) -> None:
        """Begin again with no record, no document, no log line and no mail."""
        self.parts.empty()
        self._forget_logs()
        for mail in self.parts.layout.paths.mail.glob("*"):
            mail.unlink()

    def _forget_logs(self) -> None:
        for log in self.parts.layout.paths.logs.glob("*.log"):
            os.truncate(log, 0)

    def hire(self) -> None:
        """Give the console a moderator; the accounts live in the database, so `forget` comes before."""
        self.password = generate()
        command = [
            PYTHON,
            "-m",
            "services.moderation.accounts",
            "add",
            MODERATOR,
            "--role",
            "moderator",
            "--password-stdin",
        ]
        subprocess.run(
            command,
            env=self.parts.environment("moderation"),
            cwd=CHECKOUT,
            check=True,
            input=f"{self.password}\n".encode(),
            capture_output=True,
        )

    @contextmanager
    def otherwise(self, faults: Mapping[str, str], **gateway: object) -> Iterator[None]:
        """Some services with something planted, or the gateway with other settings; what they leave goes too."""
        services = tuple({*faults, *(["gateway-accept"] if gateway else [])})
        self.stop(services)
        try:
            self.start(services, faults, **gateway)
            yield
        finally:
            self.stop(services)
            self._forget_logs()
            self.parts.empty_topics()
            self.start(services)


@contextmanager
def world(parts: RealParts) -> Iterator[World]:
    """A fresh one, ended afterwards."""
    one = World(parts)
    one.forget()
    try:
        one.open_mailbox()
        one.start()
        one.hire()
        yield one
    finally:
        one.stop(tuple(one.running))
