"""Every key is replaced while leaks live: what was sealed, signed, linked or keyed before goes on (I14)."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.setup import keys
from tests.crash.fates import leaks
from tests.crash.runs import Runs
from tests.crash.supervisor import Supervisor
from tests.crash.table import Table

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

OVERLAP = timedelta(seconds=3)
"""A process looks at its keys once a second."""


@pytest.mark.parametrize("forties", [pytest.param(1, id="40"), pytest.param(5, id="200", marks=pytest.mark.long)])
async def test_every_key_is_rotated_under_load_and_nothing_is_lost(calm: Runs, table: Table, forties: int):
    made: dict[tuple[str, str], str] = {}

    def trouble(supervisor: Supervisor) -> None:
        supervisor.until_mails(3)
        for process, names in keys.KEYS.items():
            # A shared key is rotated for all its owners at once.
            for name in names:
                if name not in keys.SHARED or (name not in {done for _, done in made}):
                    now = datetime.now(UTC)
                    folder = supervisor.stack.layout.paths.secrets
                    made[process, name] = keys.rotate(folder, process, name, now, OVERLAP)
        supervisor.until_mails(5)

    outcome = await calm.run(("each", "keys rotated"), leaks(forties), trouble, spread_s=20)
    table.add(outcome.row())
    assert not outcome.judgement.violations
    assert outcome.judgement.twice == outcome.judgement.unknown_ends == 0
    sealed = " ".join(str(record.says) for record in outcome.records)
    assert made["gateway-accept", "signing"] in sealed, "the new signing key was in use"
