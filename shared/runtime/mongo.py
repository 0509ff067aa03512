"""The one factory of database clients, and the one write that the hot path uses."""

from collections.abc import Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo.errors import BulkWriteError

from shared.runtime.settings import ServiceSettings

Database = AsyncIOMotorDatabase[dict[str, Any]]
Collection = AsyncIOMotorCollection[dict[str, Any]]
Document = dict[str, Any]

DUPLICATE_KEY = 11_000


def connect(settings: ServiceSettings, database: str | None = None) -> Database:
    """The process's own database, or one that it may read; its user bears its name. Connects when first used."""
    credentials: Any = {}
    if settings.mongo_auth:
        credentials = {
            "username": settings.process,
            "password": settings.password("mongo-password"),
            "authSource": settings.process,
        }
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        settings.mongo_url,
        tz_aware=True,
        appname=f"leak-{settings.process}",
        serverSelectionTimeoutMS=5_000,
        socketTimeoutMS=30_000,
        w="majority",
        **credentials,
    )
    return client[database or settings.process]


async def insert_new(collection: Collection, documents: Sequence[Document]) -> set[Any]:
    """Insert what is not there yet, in one unordered write; the `_id`s of those that were there already.

    A document refused by another unique index counts as there, too. Any other write error is raised.
    """
    if not documents:
        return set()
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as failed:
        errors = (failed.details or {}).get("writeErrors", [])
        if not errors or any(error["code"] != DUPLICATE_KEY for error in errors):
            raise
        return {documents[error["index"]]["_id"] for error in errors}
    return set()


async def ping(database: Database) -> None:
    """Raise when the database can't be reached or refuses us."""
    await database.command("ping")
