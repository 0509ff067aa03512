"""Database users: each process has one, which may change its own database, and read what the registry says it may."""

from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.setup.settings import Settings
from shared.events.topics import AUDIT, PROCESSES, Process


def set_up(settings: Settings) -> None:
    """Make or correct the users of the services' server."""
    others = tuple(process for process in PROCESSES.values() if process != AUDIT)
    _make_users(settings, settings.mongo_url, "mongo", others)


def set_up_audit(settings: Settings) -> None:
    """Make or correct the one user of audit's own server."""
    _make_users(settings, settings.audit_mongo_url, "audit-mongo", (AUDIT,))


def roles_of(process: Process) -> list[dict[str, str]]:
    """What a process may do, and where."""
    own = [{"role": "readWrite", "db": process.name}]
    return [*own, {"role": "read", "db": process.reads_database_of}] if process.reads_database_of else own


def _make_users(settings: Settings, url: str, server: str, processes: tuple[Process, ...]) -> None:
    login: dict[str, Any] = {"username": settings.mongo_admin, "password": settings.admin_password(server)}
    with MongoClient[dict[str, Any]](url, **login, serverSelectionTimeoutMS=settings.wait_s * 1_000) as client:
        for process in processes:
            _make_user(client, process, settings.secrets_dir / process.name / "mongo-password")


def _make_user(client: MongoClient[dict[str, Any]], process: Process, password_file: Path) -> None:
    database = client[process.name]
    known = database.command("usersInfo", process.name)["users"]
    verb = "updateUser" if known else "createUser"
    database.command(verb, process.name, pwd=password_file.read_text(), roles=roles_of(process))
