"""How templates become pages: escaped, and loud about what is missing."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from shared.web.templates import environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("page.html", "mail.txt"):
        (tmp_path / name).write_text("{{ typed }}")
    return tmp_path


def test_what_is_filled_in_is_escaped_in_pages_and_as_it_is_in_text(folder: Path) -> None:
    pages = environment(folder)
    assert pages.get_template("page.html").render(typed="<b>") == "&lt;b&gt;"
    assert pages.get_template("mail.txt").render(typed="<b>") == "<b>"


def test_what_is_missing_is_an_error(folder: Path) -> None:
    with pytest.raises(UndefinedError):
        environment(folder).get_template("page.html").render()


def test_the_envelope_is_there_for_all(folder: Path) -> None:
    assert environment(folder).get_template("envelope.html")
