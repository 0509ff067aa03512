"""The letter: both languages whole, the ways out first, and nothing in it that acts by itself."""

import base64
import hashlib
import re

import pytest

from shared.letter import ACCENTS, KINDS, RELATIONS
from shared.letter.writing import PREVIEW_LINKS, STYLE_CSP, Letter, write
from shared.web.languages import LANGUAGES

LETTERS = [(relation, kind, language) for relation in RELATIONS for kind in KINDS for language in LANGUAGES]


@pytest.mark.parametrize(("relation", "kind", "language"), LETTERS)
def test_every_letter_can_be_written(relation: str, kind: str, language: str) -> None:
    written = write(Letter(relation, kind, language, "MESSAGE", PREVIEW_LINKS))
    assert written.subject in written.text
    assert f'<html lang="{language}">' in written.html
    assert f'<article class="{kind}">' in written.html
    for page in (written.text, written.html):
        assert page.count("MESSAGE") == 1
        assert "\x00" not in page


def test_the_style_is_one_constant_element_that_a_strict_page_can_allow_by_its_hash() -> None:
    page = write(Letter("friend", "joke", "en", "x", PREVIEW_LINKS)).html
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" == STYLE_CSP
    assert " style=" not in page
    assert "url(" not in style


def test_each_kind_has_its_accent_in_light_and_dark() -> None:
    page = write(Letter("friend", "joke", "en", "x", PREVIEW_LINKS)).html
    assert set(ACCENTS) == set(KINDS)
    for accent in ACCENTS.values():
        assert accent.light in page
        assert accent.dark in page
