"""Accounts of one console, in that service's own database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from shared.console import passwords
from shared.console.account_log import AccountAct, AccountEntry, Record
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
    """Add, find, disable, reset, list. Each change is recorded first; one to an account ends all of its sessions."""

    def __init__(self, database: Database, clock: Clock, record: Record) -> None:
        self._accounts = database["accounts"]
        self._clock = clock
        self._record = record

    async def add(self, name: str, role: str, password: str) -> None:
        """Raises AccountRefused when the name is taken or no name, PasswordRefused for a weak password."""
        if not NAME.fullmatch(name):
            raise AccountRefused("a name has 2 to 32 of a-z, 0-9 and -, and begins with a letter")
        taken = AccountRefused(f"there is already an account {name}; reset gives it a new password")
        if await self.find(name):
            raise taken
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
        await self._record(AccountEntry("added", (name,), now))
        try:
            await self._accounts.insert_one(account)
        except DuplicateKeyError:
            raise taken from None

    async def disable(self, name: str) -> None:
        """From now on nobody signs in as `name`, and whoever was is out."""
        await self._change("disabled", name, {"disabled": True})

    async def reset(self, name: str, password: str) -> None:
        """A new password; whoever was signed in is out, and a disabled account is enabled again."""
        await self._change("reset", name, {"disabled": False, "password": passwords.hashed(password)})

    async def find(self, name: str) -> Account | None:
        """The account, disabled or not."""
        found = await self._accounts.find_one({"_id": name})
        return None if found is None else _account(found)

    async def all(self) -> list[Account]:
        """Every account, by name."""
        return [_account(found) async for found in self._accounts.find({}).sort("_id", 1)]

    async def _change(self, act: AccountAct, name: str, fields: Mapping[str, Any]) -> None:
        if await self.find(name) is None:
            raise AccountRefused(f"there is no account {name}")
        now = self._clock()
        await self._record(AccountEntry(act, (name,), now))
        # A session lives as long as its account's generation.
        await self._accounts.update_one(
            {"_id": name}, {"$set": {**fields, "changed_at": now}, "$inc": {"generation": 1}}
        )


def _account(found: Mapping[str, Any]) -> Account:
    return Account(found["_id"], found["role"], found["password"], found["disabled"], found["generation"])
