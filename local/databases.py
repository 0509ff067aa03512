"""The embedded databases: two SecantusDB servers that speak MongoDB's protocol, audit's apart from the others'."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from local.failures import Failure
from local.layout import HOST

ADMIN = "admin"
# Deleted documents stay whole in the server's own log for this long; nothing here reads that log.
LOG_RETENTION_S = 60
START_S = 30
SERVER = Path(sys.executable).with_name("secantusd-py")


@dataclass(frozen=True)
class Database:
    """A server that keeps its documents under `folder`."""

    folder: Path
    port: int
    admin_password: str

    @property
    def url(self) -> str:
        """Where clients connect; without credentials."""
        return f"mongodb://{HOST}:{self.port}"

    @property
    def _provisioned(self) -> Path:
        return self.folder / "provisioned"

    @property
    def made(self) -> bool:
        """Whether the administrator exists."""
        return self._provisioned.exists()

    def command(self) -> list[str]:
        """Run the server in the foreground; `make` comes first, once."""
        return [*self._open_command(), "--auth"]

    def environment(self) -> dict[str, str]:
        """A folder of its own as HOME: the server would otherwise read a configuration file that it finds there."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "HOME": str(self.folder)}

    def make(self) -> None:
        """Make the administrator: the server needs one before it can ask for passwords."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / "first-start.log").open("wb") as log:
            command, env = self._open_command(), self.environment()
            server = subprocess.Popen(command, env=env, cwd=self.folder, stdout=log, stderr=log)
            try:
                self._make_admin(server)
            finally:
                server.terminate()
                server.wait()
        self._provisioned.touch()

    def _open_command(self) -> list[str]:
        store = ["--storage-path", str(self.folder / "store"), "--sync-on-commit"]
        log = ["--oplog-retention-seconds", str(LOG_RETENTION_S), "--log-level", "WARNING"]
        return [str(SERVER), "--host", HOST, "--port", str(self.port), *store, *log]

    def _make_admin(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_S
        with MongoClient[dict[str, object]](self.url, serverSelectionTimeoutMS=200) as client:
            while time.monotonic() < deadline and server.poll() is None:
                try:
                    known = client.admin.command("usersInfo", ADMIN)["users"]
                except PyMongoError:
                    continue
                if not known:
                    client.admin.command("createUser", ADMIN, pwd=self.admin_password, roles=["root"])
                return
        raise Failure(f"the database in {self.folder} did not start: its log is {self.folder}/first-start.log")
