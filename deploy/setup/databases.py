"""Database users: each service has one, which may read and write its own database and nothing else."""

from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.setup.settings import Settings
from shared.events.topics import SERVICES

AUDIT = "audit"


def set_up(settings: Settings) -> None:
    """Make or correct the users of the services' server."""
    others = tuple(service for service in SERVICES if service != AUDIT)
    _make_users(settings, settings.mongo_url, "mongo-password", others)


def set_up_audit(settings: Settings) -> None:
    """Make or correct the one user of audit's own server."""
    _make_users(settings, settings.audit_mongo_url, "audit-mongo-password", (AUDIT,))


def _make_users(settings: Settings, url: str, password: str, services: tuple[str, ...]) -> None:
    login: dict[str, Any] = {"username": settings.mongo_admin, "password": settings.admin_password(password)}
    with MongoClient[dict[str, Any]](url, **login, serverSelectionTimeoutMS=settings.wait_s * 1_000) as client:
        for service in services:
            _make_user(client, service, settings.secrets_dir / service / "mongo-password")


def _make_user(client: MongoClient[dict[str, Any]], service: str, password_file: Path) -> None:
    database = client[service]
    known = database.command("usersInfo", service)["users"]
    roles = [{"role": "readWrite", "db": service}]
    database.command("updateUser" if known else "createUser", service, pwd=password_file.read_text(), roles=roles)
