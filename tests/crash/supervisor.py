"""Keeps every process of the services alive, as `./leak up` would, and ends any of them, or a server, on demand."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from local import programs
from local.layout import HOST
from local.programs import PYTHON, Program
from local.stack import RealParts, accepts, free_base
from shared.events.topics import PROCESSES

READY_S = 180
STOP_S = 40
WATCH_EVERY_S = 0.1
EXCHANGE_S = 1.0
CONNECTIONS = 4
LEASE_S = EXCHANGE_S * 1.5 + 10
"""As the mailer reckons it."""
ROOM = {f"limit_{act}": "1000000 per 10 minutes" for act in ("submit", "preview", "act", "status")}
MAILER: dict[str, object] = {
    "connections": CONNECTIONS,
    "exchange_s": EXCHANGE_S,
    "recipient_daily": 0,
    "domain_daily": 0,
    "retry_after_s": [1, 1, 2, 2, 4],
    "poll_every_s": 0.2,
}
SETTINGS: dict[str, dict[str, object]] = {
    "gateway-accept": ROOM,
    "gateway-status": {},
    "verifier": {"confirmation_mails_a_day": 0, "confirmed_leaks_a_day": 0, "sweep_every_s": 2},
    "moderation": {"delay_max_s": 0, "sweep_every_s": 1},
    "mailer-confirmations": MAILER,
    "mailer-letters": MAILER,
    "audit": {"reconcile_s": 2},
}
MAILERS = ("mailer-confirmations", "mailer-letters")
SERVERS = ("kafka", "database", "audit-database")


@dataclass
class Death:
    """A process that was killed, and when the next one was ready."""

    service: str
    at: float
    ready_at: float | None = None


@dataclass
class Living:
    """A process and what it takes to start it again."""

    name: str
    service: str
    environment: dict[str, str]
    process: "subprocess.Popen[bytes]"
    ready: bool = False
    leaving: bool = False


class Supervisor:
    """Starts again whatever was killed. A process that ended otherwise, unasked, is remembered as `strange`."""

    def __init__(self, stack: RealParts) -> None:
        self.stack = stack
        self.deaths: list[Death] = []
        self.strange: list[str] = []
        self._living: dict[str, Living] = {}
        self._servers = dict(zip(SERVERS, stack.processes, strict=False))
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)

    def up(self) -> None:
        """All of them, and the mailbox; returns when they are ready."""
        mailbox = programs.server_programs(self.stack.layout, self.stack.servers)[-1]
        self.stack.launch(mailbox, self.stack.layout.paths.logs / "mailbox.log")
        for service in PROCESSES:
            self.start(service)
        self._watching.start()
        self.wait_until_ready()

    def end(self) -> None:
        """No more starting again."""
        self._ended.set()
        self._watching.join()

    def folder(self, service: str) -> Path:
        """Where a service's crash points, its wrong clock, and its count of unknown ends are."""
        folder = self.stack.layout.home / "crash" / service
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def arm(self, service: str, step: str, *places: str) -> None:
        """Let it kill itself at this step, once in each place."""
        for place in places:
            (self.folder(service) / f"{step}@{place}").touch()

    def armed(self) -> list[str]:
        """Points that nobody has reached."""
        return sorted(f"{service} {path.name}" for service in PROCESSES for path in self.folder(service).glob("*@*"))

    def disarm(self) -> None:
        """Forget them."""
        for service in PROCESSES:
            for path in self.folder(service).glob("*@*"):
                path.unlink()

    def set_clock(self, service: str, wrong_by_s: float) -> None:
        """Move its clock, while it runs."""
        part = self.folder(service) / ".clock"
        part.write_text(str(wrong_by_s))
        part.rename(self.folder(service) / "clock")

    def set_right(self) -> None:
        """Every clock shows the time again."""
        for service in PROCESSES:
            (self.folder(service) / "clock").unlink(missing_ok=True)

    def unknown_ends(self) -> int:
        """How many attempts the mailer's metrics counted as unknown, over all the lives of both roles."""
        paths = (self.folder(mailer) / "unknown" for mailer in MAILERS)
        return sum(path.stat().st_size for path in paths if path.exists())

    def start(self, service: str, *, bugs: Sequence[str] = (), name: str = "", **settings: object) -> Living:
        """A process of it; a second one needs a name of its own and other ports."""
        environment = self.stack.environment(service, **{**SETTINGS[service], **settings})
        environment |= {"CRASH_FOLDER": str(self.folder(service)), "CRASH_BUGS": " ".join(bugs)}
        living = Living(name or service, service, environment, self._launch(name or service, service, environment))
        with self._lock:
            self._living[living.name] = living
        return living

    def replica(self, service: str) -> str:
        """A second process of a service, on ports of its own; its name."""
        name, base = f"{service}-2", free_base()
        ports = {
            "gateway-accept": {"port": base + 1},
            "moderation": {"console_port": base + 1},
            "audit": {"console_port": base + 1},
        }
        self.start(service, name=name, internal_port=base, **ports.get(service, {}))
        return name

    def stop(self, name: str) -> int:
        """SIGTERM; its exit status once it has ended. It is not started again."""
        with self._lock:
            living = self._living.pop(name)
        os.killpg(living.process.pid, signal.SIGTERM)
        return living.process.wait(STOP_S)

    def kill(self, name: str) -> None:
        """SIGKILL, from outside; it is started again."""
        os.killpg(self._living[name].process.pid, signal.SIGKILL)

    def freeze(self, name: str, for_s: float) -> None:
        """Stop a process for a while, in the middle of whatever it does; then let it go on as if nothing had been."""
        group = self._living[name].process.pid
        os.killpg(group, signal.SIGSTOP)
        try:
            time.sleep(for_s)
        finally:
            os.killpg(group, signal.SIGCONT)

    def kill_server(self, name: str, away_s: float = 2.0) -> None:
        """SIGKILL a server; it is started again after a while, on its own data."""
        self.deaths.append(Death(name, time.monotonic()))
        death, old = self.deaths[-1], self._servers[name]
        os.killpg(old.pid, signal.SIGKILL)
        old.wait()
        time.sleep(away_s)
        these = programs.server_programs(self.stack.layout, self.stack.servers)
        program = next(program for program in these if program.name == name)
        self._servers[name] = self.stack.launch(program, self.stack.layout.paths.logs / f"{name}.log")
        self.stack.processes.remove(old)
        until(lambda: accepts(program.port or 0), f"{name} accepts again")
        death.ready_at = time.monotonic()

    def until_mails(self, more: int) -> None:
        """Wait for so many mails from now: the load is in full swing."""
        folder = self.stack.layout.paths.mail
        enough = len(list(folder.glob("*.eml"))) + more
        until(lambda: len(list(folder.glob("*.eml"))) >= enough, f"{more} mails")

    def until_dead(self, *services: str, before: int) -> None:
        """Wait until each of these has died once more; `before` is how many deaths there were."""
        until(lambda: set(services) <= {death.service for death in self.deaths[before:]}, f"{services} died")

    def restart(self, service: str, *, bugs: Sequence[str] = ()) -> int:
        """SIGTERM, then a new process; the exit status of the old one."""
        status = self.stop(service)
        self.start(service, bugs=bugs)
        return status

    def wait_until_ready(self) -> None:
        """Every process that should live is ready."""
        until(lambda: all(living.ready for living in self._all()), "every process is ready")

    def _launch(self, name: str, service: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
        program = Program(name, [PYTHON, "-m", "tests.crash.runner", service], environment)
        return self.stack.launch(program, self.stack.layout.paths.logs / f"{name}.log")

    def _all(self) -> list[Living]:
        with self._lock:
            return list(self._living.values())

    def _watch(self) -> None:
        while not self._ended.wait(WATCH_EVERY_S):
            for living in self._all():
                if living.process.poll() is not None:
                    self._again(living)
                elif not living.ready and _is_ready(living):
                    living.ready = True
                    for death in self.deaths:
                        if death.service == living.name and death.ready_at is None:
                            death.ready_at = time.monotonic()

    def _again(self, living: Living) -> None:
        with self._lock:
            if self._living.get(living.name) is not living:
                return
            if living.process.returncode == -signal.SIGKILL:
                self.deaths.append(Death(living.name, time.monotonic()))
            else:
                self.strange.append(f"{living.name} ended by itself with {living.process.returncode}")
            self.stack.processes.remove(living.process)
            living.process = self._launch(living.name, living.service, living.environment)
            living.ready = False


def _is_ready(living: Living) -> bool:
    port = living.environment[f"{PROCESSES[living.service].service.upper()}_INTERNAL_PORT"]
    with suppress(httpx.HTTPError):
        return httpx.get(f"http://{HOST}:{port}/health/ready", timeout=1, trust_env=False).is_success
    return False


def until(holds: Callable[[], bool], what: str) -> None:
    """Poll with a deadline."""
    deadline = time.monotonic() + READY_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {READY_S} s: {what}"
        time.sleep(WATCH_EVERY_S)
