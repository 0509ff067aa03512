"""One run: a load of leaks while something goes wrong, then quiet, then the judgement and a line for the table."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import MongoClient

from local.groups import all_read
from local.layout import CHECKOUT
from local.programs import PYTHON
from shared.events.leaks import LeakExpired, LeakSubmitted
from tests.crash.checker import Evidence, Judgement, judge
from tests.crash.desk import NAME, Moderator
from tests.crash.fates import Leak
from tests.crash.people import LOOK_EVERY_S, People
from tests.crash.sightings import Record, Seen, Sightings
from tests.crash.supervisor import CONNECTIONS, MAILERS, Death, Supervisor

PATIENCE_S = QUIET_S = 330
"""Without news: then nothing more will come."""
TWO_DAYS_S = 2 * 86_400
CUTTING = frozenset({*MAILERS, *(f"{mailer}-2" for mailer in MAILERS), "database", "mailbox"})
"""What, when killed, may cut off a mail between the end of its data and the journal."""

Trouble = Callable[[Supervisor], None]
Epilogue = Callable[[Sightings], Awaitable[None]]


@dataclass
class Outcome:
    """What became of a run."""

    name: tuple[str, str]
    judgement: Judgement
    leaks: Sequence[Leak]
    records: list[Record] = field(repr=False)
    mails: list[Seen] = field(repr=False)
    deaths: Sequence[Death] = ()
    settled_s: float = 0.0

    def row(self) -> dict[str, Any]:
        """For the table: recovery is from a death to ready again, and until every leak had met its fate."""
        back = [death.ready_at - death.at for death in self.deaths if death.ready_at is not None]
        return {
            "service": self.name[0],
            "step": self.name[1],
            "leaks": self.judgement.leaks,
            "lost": self.judgement.lost,
            "twice": self.judgement.twice,
            "unknown_ends": self.judgement.unknown_ends,
            "violations": len(self.judgement.violations),
            "kills": len(self.deaths),
            "ready_again_s": round(max(back, default=0.0), 1),
            "settled_s": round(max(0.0, self.settled_s), 1),
        }


class Runs:
    """Runs against one supervised system."""

    def __init__(self, supervisor: Supervisor, password: str) -> None:
        self.supervisor = supervisor
        self._password = password

    def hire_moderator(self) -> None:
        """Make the account, with the console's own command."""
        stack = self.supervisor.stack
        add = ["add", NAME, "--role", "moderator", "--if-absent", "--password-stdin"]
        subprocess.run(
            [PYTHON, "-m", "services.moderation.accounts", *add],
            env=stack.environment("moderation"),
            cwd=CHECKOUT,
            check=True,
            input=f"{self._password}\n".encode(),
        )

    async def run(
        self,
        name: tuple[str, str],
        leaks: Sequence[Leak],
        trouble: Trouble | None = None,
        *,
        spread_s: float = 0.0,
        patience_s: float = PATIENCE_S,
        freezes: int = 0,
        afterwards: Epilogue | None = None,
    ) -> Outcome:
        """Send `leaks` while `trouble` happens in a thread beside; judge when all is quiet.

        `freezes`: how often the trouble holds the mailer up for longer than a lease, without killing it.
        """
        supervisor, stack = self.supervisor, self.supervisor.stack
        await asyncio.to_thread(supervisor.wait_until_ready)
        sightings = await asyncio.to_thread(Sightings, stack)
        moderator = Moderator(stack, self._password)
        known_deaths, known_unknown, known_strange = self._counts()
        people = People(stack.layout.url("gateway"), moderator, sightings, patience_s)
        began = time.monotonic()
        try:
            async with asyncio.TaskGroup() as together:
                together.create_task(people.live(leaks, spread_s=spread_s))
                if trouble is not None:
                    together.create_task(asyncio.to_thread(trouble, supervisor))
            if afterwards is not None:
                await afterwards(sightings)
            settled = time.monotonic()
            await asyncio.to_thread(self._wait_for_quiet, sightings, min(QUIET_S, patience_s))
        finally:
            await moderator.close()
            sightings.close()
        deaths = supervisor.deaths[known_deaths:]
        judgement = judge(
            Evidence(
                leaks,
                sightings.all_records(),
                sightings.all_mails(),
                await asyncio.to_thread(self._origins),
                unknown_ends=supervisor.unknown_ends() - known_unknown,
                connections=CONNECTIONS,
                cuts=freezes + sum(death.service in CUTTING for death in deaths),
                strange=supervisor.strange[known_strange:],
            )
        )
        last = max((death.at for death in deaths), default=began)
        return Outcome(name, judgement, leaks, sightings.all_records(), sightings.all_mails(), deaths, settled - last)

    async def let_expire(self, sightings: Sightings) -> None:
        """Two days pass for the verifier; returns when everything that was sent has expired."""
        self.supervisor.set_clock("verifier", TWO_DAYS_S)
        async with asyncio.timeout(QUIET_S):
            # Those of earlier runs expire too.
            while not _those_in(sightings, LeakSubmitted.TOPIC) <= _those_in(sightings, LeakExpired.TOPIC):
                await asyncio.to_thread(sightings.look)
                await asyncio.sleep(LOOK_EVERY_S)

    def _counts(self) -> tuple[int, int, int]:
        supervisor = self.supervisor
        return len(supervisor.deaths), supervisor.unknown_ends(), len(supervisor.strange)

    def _wait_for_quiet(self, sightings: Sightings, within_s: float) -> None:
        """Until every group has read its topics and no mail waits; what stays loud is judged as it is."""
        admin, deadline = self.supervisor.stack.kafka_admin, time.monotonic() + within_s
        while time.monotonic() < deadline and (self.mails_wait() or not all_read(admin)):
            time.sleep(0.3)
        sightings.look()

    def mails_wait(self) -> bool:
        """Whether the mailer still has something to send."""
        return any(map(self._mails_wait_at, MAILERS))

    def _mails_wait_at(self, mailer: str) -> bool:
        with MongoClient[dict[str, Any]](**self.supervisor.stack.mongo_login(mailer), tz_aware=True) as client:
            return client[mailer]["mails"].find_one({"due_at": {"$exists": True}}) is not None

    def _origins(self) -> frozenset[str]:
        with MongoClient[dict[str, Any]](**self.supervisor.stack.mongo_login("audit")) as client:
            found = client["audit"]["origins"].find({}, {"_id": 1})
            return frozenset(one["_id"].partition(".")[0] for one in found)


def _those_in(sightings: Sightings, of_topic: str) -> set[str]:
    return {leak_id for topic, leak_id in sightings.of_leak if topic == of_topic}
