"""Logs say nothing they must not; languages say the same; libraries with an edge stay where they belong."""

import pytest

from tests.architecture.conftest import Plant
from tests.architecture.guards import edges, speech, texts
from tests.architecture.guards.source import ROOT


def test_log_lines_are_constant_and_their_fields_are_allowed():
    assert speech.violations(ROOT) == []


def test_a_plain_log_line_is_let_through(plant: Plant):
    assert speech.violations(plant({"services/mailer/x.py": 'log.info("sent", mail_id=mail_id, seconds=2)'})) == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('log.info("sent", address=address)', "address is not a field"),
        ('self._log.warning("sent", **fields)', "** is not a field"),
        ('log.info(f"sent to {address}")', "a log message is constant"),
        ('log.info("sent to %s", address)', "a log message is constant"),
        ("log.bind(ip=ip)", "ip is not a field"),
        ('print("sent")', "prints"),
    ],
)
def test_a_log_line_that_could_tell_is_refused(plant: Plant, line: str, complaint: str):
    [found] = speech.violations(plant({"services/mailer/x.py": f"\n{line}\n"}))
    assert found.startswith("services/mailer/x.py:2: ")
    assert complaint in found


@pytest.mark.parametrize(
    "line",
    [
        'raise Transient(f"no place for {address}")',
        "raise Permanent(str(error)) from error",
        "raise errors.Permanent(text=address)",
        "raise Unreachable(address)",
    ],
)
def test_an_error_whose_text_could_tell_is_refused(plant: Plant, line: str):
    tree = {
        "shared/runtime/errors.py": "class Transient(LeakError): ...\nclass Permanent(LeakError): ...",
        "services/mailer/x.py": f"class Unreachable(Transient): ...\n{line}\nraise Unreachable('no relay')",
    }
    [found] = speech.violations(plant(tree))
    assert found == "services/mailer/x.py:2: an error's text is constant, for it is logged"


def test_drivers_stay_in_stores_and_the_contract_needs_pydantic_only():
    assert edges.violations(ROOT) == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("services/mailer/handlers.py", "from motor.motor_asyncio import AsyncIOMotorClient"),
        ("services/mailer/handlers.py", "import pymongo"),
        ("shared/runtime/kafka.py", "import bson"),
        ("shared/events/leaks.py", "import structlog"),
        ("shared/events/leaks.py", "from shared.digests import sha256"),
    ],
)
def test_a_library_out_of_place_is_refused(plant: Plant, path: str, line: str):
    [found] = edges.violations(plant({path: line}))
    assert found.startswith(f"{path}:1: ")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("services/mailer/store.py", "import pymongo"),
        ("services/mailer/store/mails.py", "import motor"),
        ("services/mailer/handlers.py", "from pymongo.errors import PyMongoError"),
        ("shared/events/leaks.py", "from pydantic import BaseModel\nimport re\nfrom shared.events.event import Event"),
    ],
)
def test_a_library_in_its_place_is_let_through(plant: Plant, path: str, line: str):
    assert edges.violations(plant({path: line})) == []


def test_english_and_french_say_the_same():
    assert texts.violations(ROOT) == []


@pytest.mark.parametrize(
    ("french", "complaint"),
    [
        ('[form]\ntitle = "Écrire"', "form.send is not in both languages"),
        ('[form]\ntitle = "Écrire"\nsend = ""', "form.send is empty"),
        (None, "no fr.toml beside en.toml"),
    ],
)
def test_a_text_that_one_language_lacks_is_refused(plant: Plant, french: str | None, complaint: str):
    files = {"services/gateway/pages/texts/en.toml": '[form]\ntitle = "Write"\nsend = "Send"'}
    if french is not None:
        files["services/gateway/pages/texts/fr.toml"] = french
    assert any(complaint in found for found in texts.violations(plant(files)))
