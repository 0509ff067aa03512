"""No object, key, database or user serves both mails."""

import functools
import gc
import quopri
import re
from types import CellType, FunctionType, MethodType
from typing import Any

import pytest

from services.mailer.domain import Mail
from services.mailer.settings import Settings
from shared.events.topics import read_by
from shared.seals.errors import SealBroken
from shared.seals.purposes import CHALLENGE, MESSAGE, RECIPIENT, REPORT_LINK, Purpose
from tests.component.mailer.conftest import World
from tests.support import keys

HOLDERS = (dict, list, tuple, set, FunctionType, MethodType, CellType, functools.partial)


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
    seals: list[tuple[str, Purpose[Any], str, str | None]] = [
        ("mailer-letters", RECIPIENT, decided.leak_id, decided.sealed_recipient),
        ("mailer-letters", MESSAGE, decided.leak_id, decided.sealed_message),
        ("mailer-letters", REPORT_LINK, decided.leak_id, decided.sealed_report_link),
        ("mailer-confirmations", CHALLENGE, challenged.challenge_id, challenged.sealed_challenge),
    ]
    for process in ("mailer-letters", "mailer-confirmations"):
        opener = keys.opener(world.secrets, process, world.clock)
        for reader, purpose, subject, sealed in seals:
            if reader == process:
                assert opener.open(purpose, subject, str(sealed))
            else:
                with pytest.raises(SealBroken):
                    opener.open(purpose, subject, str(sealed))


def test_neither_role_holds_a_part_of_the_other(world: World, confirmations: World) -> None:
    def modules(one: World) -> set[str]:
        return {type(part).__module__ for part in held(one.service)}

    assert any(name.startswith("services.mailer.letters.") for name in modules(world))
    assert any(name.startswith("services.mailer.confirmations.") for name in modules(confirmations))
    assert not any(name.startswith("services.mailer.confirmations.") for name in modules(world))
    assert not any(name.startswith("services.mailer.letters.") for name in modules(confirmations))


def held(root: object) -> list[object]:
    """Every object of ours that can be reached from this one."""
    seen, ours = {id(root): root}, []
    waiting: list[object] = [root]
    while waiting:
        one = waiting.pop()
        module = type(one).__module__
        if module.startswith(("services.", "shared.")):
            ours.append(one)
        elif not isinstance(one, HOLDERS):
            continue
        # A function's globals are its module's, and hold no part of a service.
        into = one.__closure__ or () if isinstance(one, FunctionType) else gc.get_referents(one)
        for next_one in into:
            if id(next_one) not in seen and not isinstance(next_one, type):
                seen[id(next_one)] = next_one
                waiting.append(next_one)
    return ours


async def test_no_identifier_is_in_both_a_sender_s_and_a_recipient_s_mail(world: World, confirmations: World) -> None:
    """I6: what could join them would be a long word with a digit in both, even were the mailer's ids equal."""
    leak = world.decided()
    await world.deliver(leak)
    await confirmations.deliver(confirmations.challenged(challenge_id=leak.leak_id))
    for one in (world, confirmations):
        await one.send()
    [letter], [confirmation] = world.transport.taken, confirmations.transport.taken
    assert long_words(letter)
    assert not long_words(letter) & long_words(confirmation)
    assert letter.envelope_from != confirmation.envelope_from


def long_words(mail: Mail) -> set[str]:
    text = quopri.decodestring(mail.data).decode()
    return {word for word in re.findall(r"[A-Za-z0-9_-]{12,}", text) if re.search(r"\d", word)}


async def test_confirmations_publish_nothing_however_they_end(confirmations: World) -> None:
    await confirmations.deliver(confirmations.challenged(), confirmations.challenged(sender="a@b.org\r\nBcc: c@d.org"))
    assert await confirmations.send() == []
    await confirmations.work("publish_unpublished")
    assert confirmations.publisher.published == []
    assert await confirmations.database["outbox"].count_documents({}) == 0
