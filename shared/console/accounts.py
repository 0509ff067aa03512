"""Accounts of one console, in that service's own database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.console import passwords
from shared.runtime.clock import Clock
from shared.runtime.mongo import Database

NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,31}")


class AccountRefused(ValueError):
    """The change can't be made; the text says why, for people."""


@dataclass(frozen=True)
class Account:
    """A person who may sign in. A session lives as long as the `generation` it was opened under."""

    name: str
    role: str
    password: str
    disabled: bool
    generation: int


class Accounts:
    """Add, find, disable, reset, list. A reset or a disabling ends every session by raising the generation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._accounts = database["accounts"]
        self._clock = clock

    async def add(self, name: str, role: str, password: str) -> None:
        """Raises AccountRefused when the name is taken or no name, PasswordRefused for a weak password."""
        if not NAME.fullmatch(name):
            raise AccountRefused("a name has 2 to 32 of a-z, 0-9 and -, and begins with a letter")
        now = self._clock()
        account = {
            "_id": name,
            "role": role,
            "password": passwords.hashed(password),
            "disabled": False,
            "generation": 1,
            "added_at": now,
            "changed_at": now,
        }
        try:
            await self._accounts.insert_one(account)
        except DuplicateKeyError:
            raise AccountRefused(f"there is already an account {name}; reset gives it a new password") from None

    async def disable(self, name: str) -> None:
        """From now on nobody signs in as `name`, and whoever was is out."""
        await self._change(name, {"disabled": True})

    async def reset(self, name: str, password: str) -> None:
        """A new password; whoever was signed in is out, and a disabled account is enabled again."""
        await self._change(name, {"disabled": False, "password": passwords.hashed(password)})

    async def find(self, name: str) -> Account | None:
        """The account, disabled or not."""
        found = await self._accounts.find_one({"_id": name})
        return None if found is None else _account(found)

    async def all(self) -> list[Account]:
        """Every account, by name."""
        return [_account(found) async for found in self._accounts.find({}).sort("_id", 1)]

    async def _change(self, name: str, fields: Mapping[str, Any]) -> None:
        changed = {**fields, "changed_at": self._clock()}
        found = await self._accounts.find_one_and_update(
            {"_id": name},
            {"$set": changed, "$inc": {"generation": 1}},
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            raise AccountRefused(f"there is no account {name}")


def _account(found: Mapping[str, Any]) -> Account:
    return Account(found["_id"], found["role"], found["password"], found["disabled"], found["generation"])
