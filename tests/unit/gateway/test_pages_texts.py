"""The words: the same keys and blanks in both languages, and a sentence for all that the contract can say."""

import string
import tomllib
from pathlib import Path
from typing import Any

import services.gateway.pages.texts as words
from services.gateway.page_routes import REASONS
from services.gateway.pages.texts import LANGUAGES, texts
from shared import letter
from shared.letter import KINDS, RELATIONS, letter_words
from tests.support.page_walk import STATES


def sentences(table: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= sentences(value, f"{path}{key}.")
        else:
            found[path + key] = "\n".join(value) if isinstance(value, list) else value
    return found


def read(package: object, language: str) -> dict[str, str]:
    file = Path(str(package.__file__)).parent / f"{language}.toml"  # type: ignore[attr-defined]
    return sentences(tomllib.loads(file.read_text(encoding="utf-8")))


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_have_the_same_keys_and_blanks() -> None:
    for package in (words, letter):
        english, french = read(package, "en"), read(package, "fr")
        assert english.keys() == french.keys()
        assert {key: blanks(one) for key, one in english.items()} == {key: blanks(one) for key, one in french.items()}


def test_no_sentence_is_empty_or_left_in_the_other_language() -> None:
    english, french = read(words, "en"), read(words, "fr")
    same = {key for key in english if english[key] == french[key]}
    assert all(english.values())
    assert same <= {"common.pages", "common.moment", "preview.from_name", "kinds.confidence"}


def test_every_choice_of_the_contract_has_its_words() -> None:
    for language in LANGUAGES:
        named = texts(language)
        assert set(vars(named.report.reasons)) == set(REASONS)
        assert set(vars(named.status.states)) == set(vars(named.status.meanings)) == set(STATES)
        assert set(vars(named.kinds)) == set(vars(named.form.touch)) == set(KINDS)
        assert set(vars(named.relations)) == set(RELATIONS)
        assert all(letter_words(relation, kind, language) for relation in RELATIONS for kind in KINDS)


def test_french_never_breaks_a_line_before_its_punctuation() -> None:
    breaking = ("« ", *(f" {mark}" for mark in ":;?!»"))
    french = read(words, "fr") | read(letter, "fr")
    assert not [key for key, sentence in french.items() if any(pair in sentence for pair in breaking)]
