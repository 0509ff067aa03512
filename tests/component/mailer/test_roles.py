"""No object, key, database or user serves both mails."""

import pytest

from services.mailer.settings import Settings
from shared.events.topics import read_by
from shared.seals.errors import SealBroken
from shared.seals.purposes import CHALLENGE, MESSAGE, RECIPIENT, REPORT_LINK
from tests.component.mailer.conftest import World
from tests.support import keys


def test_each_role_is_a_process_of_its_own(world: World, confirmations: World) -> None:
    for one in (world, confirmations):
        assert one.service.name == one.settings.process == f"mailer-{one.settings.role}"
        assert set(one.service.deliveries) == {
            topic.name for topic in read_by(one.settings.process) if not topic.name.endswith(".dead.v1")
        }


def test_a_role_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAILER_ROLE", raising=False)
    with pytest.raises(ValueError, match="role"):
        Settings()


async def test_neither_role_has_a_key_for_what_the_other_one_opens(world: World, confirmations: World) -> None:
    decided, challenged = world.decided(), confirmations.challenged()
    own = {
        "mailer-letters": [
            (RECIPIENT, decided.leak_id, decided.sealed_recipient),
            (MESSAGE, decided.leak_id, decided.sealed_message),
            (REPORT_LINK, decided.leak_id, decided.sealed_report_link),
        ],
        "mailer-confirmations": [(CHALLENGE, challenged.challenge_id, challenged.sealed_challenge)],
    }
    for process in own:
        opener = keys.opener(world.secrets, process, world.clock)
        for reader, seals in own.items():
            for purpose, subject, sealed in seals:
                if reader == process:
                    assert opener.open(purpose, subject, str(sealed))  # type: ignore[arg-type]
                else:
                    with pytest.raises(SealBroken):
                        opener.open(purpose, subject, str(sealed))  # type: ignore[arg-type]


async def test_confirmations_publish_nothing_however_they_end(confirmations: World) -> None:
    await confirmations.deliver(confirmations.challenged(), confirmations.challenged(sender="a@b.org\r\nBcc: c@d.org"))
    assert await confirmations.send() == []
    await confirmations.work("publish_unpublished")
    assert confirmations.publisher.published == []
    assert await confirmations.database["outbox"].count_documents({}) == 0
