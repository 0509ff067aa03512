"""Every service's database user reaches its own database and no other, on neither server: each pair tried."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.setup.databases import roles_of
from local.stack import RealParts
from shared.events.topics import PROCESSES

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

Client = MongoClient[dict[str, Any]]
UNAUTHORIZED, SIGN_IN_FAILED, NO_SUCH_COMMAND = 13, 18, 59
NAME = "tried"
DATABASES = (*PROCESSES, "admin", "local", "config", "made_up")
ACTS: dict[str, Callable[[Any], object]] = {
    "lists collections": lambda database: database.list_collection_names(),
    "finds": lambda database: database[NAME].find_one(),
    "counts": lambda database: database[NAME].count_documents({}),
    "inserts": lambda database: database[NAME].insert_one({"by": NAME}),
    "updates": lambda database: database[NAME].update_one({}, {"$set": {"by": NAME}}),
    "deletes": lambda database: database[NAME].delete_one({}),
    "joins": lambda database: list(database[NAME].aggregate([{"$limit": 1}])),
    "makes an index": lambda database: database[NAME].create_index("by"),
    "drops a collection": lambda database: database[NAME].drop(),
    "reads the server's log": lambda database: database["oplog.rs"].find_one(),
    "watches": lambda database: database[NAME].watch(max_await_time_ms=1).close(),
}
READING = ("lists collections", "finds", "counts", "joins", "reads the server's log", "watches")
"""What the registry gives when a process reads another one's database."""
ADMIN_ACTS: dict[str, Callable[[Client], object]] = {
    "makes a user": lambda client: client["admin"].command("createUser", NAME, pwd=NAME, roles=["root"]),
    "becomes root": lambda client: client["admin"].command("grantRolesToUser", "verifier", roles=["root"]),
    "makes a role": lambda client: client["admin"].command("createRole", NAME, privileges=[], roles=["root"]),
    "shuts down": lambda client: client["admin"].command("shutdown"),
    "reads settings": lambda client: client["admin"].command("getCmdLineOpts"),
    "reads the log": lambda client: client["admin"].command("getLog", "global"),
    "lists users": lambda client: client["admin"].command("usersInfo", 1),
    "sees operations": lambda client: client["admin"].command("currentOp"),
    "sets a parameter": lambda client: client["admin"].command("setParameter", 1, logLevel=1),
}


def reached(parts: RealParts, user: str) -> set[tuple[str, str]]:
    """What a service's server lets its user do: (database, act) pairs."""
    with Client(**parts.mongo_login(user)) as client:
        found = {
            (name, what)
            for name in DATABASES
            for what, act in ACTS.items()
            if _is_given(act, client[name], f"{user} {what} in {name}")
        }
        return found | {("server", what) for what, act in ADMIN_ACTS.items() if _is_given(act, client, what)}


def _is_given(act: Callable[[Any], object], on: Any, what: str) -> bool:
    try:
        act(on)
    except OperationFailure as refused:
        # Anything else than a refusal was let in, and failed inside.
        return refused.code not in (UNAUTHORIZED, NO_SUCH_COMMAND)
    return True


@pytest.mark.parametrize("user", PROCESSES)
def test_a_service_reaches_its_own_database_alone(stack: RealParts, user: str) -> None:
    found, shown = reached(stack, user), PROCESSES[user].reads_database_of
    others = {(database, what) for database, what in found if database != user}
    assert others == {(shown, what) for what in READING if (shown, what) in found}
    assert not shown or (shown, "finds") in found
    assert (user, "inserts") in found


@pytest.mark.parametrize("user", PROCESSES)
def test_a_service_is_unknown_to_the_other_server_and_to_every_other_database(stack: RealParts, user: str) -> None:
    for server in ("verifier", "audit"):
        own = (server == "audit") == (user == "audit")
        for database in DATABASES:
            login = {**stack.mongo_login(user), "host": stack.mongo_admin(server)["host"], "authSource": database}
            assert _signs_in(login) == (own and database == user), (server, database)


def _signs_in(login: dict[str, Any]) -> bool:
    with Client(**login, directConnection=True) as client:
        try:
            client["admin"].command("ping")
            client[login["authSource"]][NAME].find_one()
        except OperationFailure as refused:
            assert refused.code == SIGN_IN_FAILED  # noqa: PT017  # the code is what is asked
            return False
        return True


def test_nobody_reaches_anything_without_a_password(stack: RealParts) -> None:
    for server in ("verifier", "audit"):
        with Client(stack.mongo_admin(server)["host"]) as client:
            given = [
                (name, what) for name in DATABASES for what, act in ACTS.items() if _is_given(act, client[name], what)
            ]
            assert given == []
            assert [what for what, act in ADMIN_ACTS.items() if _is_given(act, client, what)] == []


def test_a_right_too_many_is_seen(stack: RealParts) -> None:
    with _also(stack, "verifier", "mailer-letters"):
        assert ("mailer-letters", "finds") in reached(stack, "verifier")
    assert ("mailer-letters", "finds") not in reached(stack, "verifier")


@contextmanager
def _also(parts: RealParts, user: str, database: str) -> Iterator[None]:
    own = roles_of(PROCESSES[user])
    with Client(**parts.mongo_admin(user)) as admin:
        admin[user].command("updateUser", user, roles=[*own, {"role": "read", "db": database}])
        try:
            yield
        finally:
            admin[user].command("updateUser", user, roles=own)
