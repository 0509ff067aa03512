"""A newcomer finds any behaviour in two guesses: names mean the same everywhere, files are short."""

import pytest

from tests.architecture.conftest import Plant
from tests.architecture.guards import names, sizes
from tests.architecture.guards.source import ROOT

FILES = (*names.REQUIRED, "store.py")
COMPLETE = dict.fromkeys((f"services/mailer/{name}" for name in FILES), "")


def test_names_mean_the_same_everywhere():
    assert names.violations(ROOT) == []


def test_files_and_functions_are_short():
    assert sizes.violations(ROOT) == []


def test_a_complete_service_is_let_through(plant: Plant):
    assert names.violations(plant(COMPLETE | {"services/mailer/__pycache__/main.pyc": ""})) == []


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"src/x.py": ""}, "src: not in the tree"),
        ({"services/mailer/utils.py": ""}, "a name that says nothing"),
        ({"shared/helpers/mail.py": ""}, "a name that says nothing"),
        ({"services/mailer/main.py": "x\n" * 26}, "at most 25 lines"),
        ({"services/mailer/odd.py": "", "services/audit/odd.py": ""}, "services/*/odd.py stands in 2 services"),
    ],
)
def test_a_stranger_in_the_tree_is_refused(plant: Plant, files: dict[str, str], complaint: str):
    assert any(complaint in found for found in names.violations(plant(COMPLETE | files)))


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_a_missing_file_is_named(plant: Plant, missing: str):
    files = {name: text for name, text in COMPLETE.items() if name != missing}
    assert [found.split(" is missing")[0] for found in names.violations(plant(files))] == [missing]


def test_a_long_file_is_refused(plant: Plant):
    line = "x = 1\n"
    root = plant({"shared/long.py": line * (sizes.FILE_LINES + 1), "shared/short.py": line * sizes.FILE_LINES})
    assert sizes.violations(root) == ["shared/long.py:1: 351 lines; 350 is the limit"]


def test_a_long_function_is_refused(plant: Plant):
    root = plant({"shared/long.py": "def act():\n" + "    x = 1\n" * sizes.FUNCTION_LINES})
    assert sizes.violations(root) == ["shared/long.py:1: act has 51 lines; 50 is the limit"]
