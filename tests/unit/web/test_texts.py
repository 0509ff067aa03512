"""Every folder of texts says the same in both languages; a word that is missing is an error."""

import string
import tomllib
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from shared.web.texts import Texts, in_every_language

ROOT = Path(__file__).parents[3]
FOLDERS = sorted(path.parent for top in ("services", "shared", "local") for path in (ROOT / top).rglob("texts/en.toml"))
SAME = {
    "common.pages",
    "common.moment",
    "kinds.confidence",
    "preview.from_name",
    "moment",
    "reject.policy",
}
"""Words that both languages share."""


def sentences(table: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            found |= sentences(value, f"{path}{key}.")
        else:
            found[path + key] = "\n".join(value) if isinstance(value, list) else value
    return found


def read(folder: Path, language: str) -> dict[str, str]:
    return sentences(tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_there_are_texts_to_look_at() -> None:
    assert len(FOLDERS) == 8


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_both_languages_have_the_same_keys_and_blanks(folder: Path) -> None:
    english, french = read(folder, "en"), read(folder, "fr")
    assert english.keys() == french.keys()
    assert {key: blanks(one) for key, one in english.items()} == {key: blanks(one) for key, one in french.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language, word in (("en", "Write {n}"), ("fr", "Écris {n}")):
        text = f'months = ["one", "two"]\n[form]\ntitle = "{word}"\nhelp_html = "<b>{word}</b>"\n'
        (tmp_path / f"{language}.toml").write_text(text)
    return tmp_path


def test_words_are_had_by_name_and_by_key(folder: Path) -> None:
    texts = in_every_language(folder)
    assert texts["fr"].form.title == "Écris {n}"
    assert texts["en"]("form.title", n=3) == "Write 3"
    assert texts["en"].months == ("one", "two")
    assert texts["en"].language == "en"


def test_markup_of_ours_stays_and_what_is_put_in_is_escaped(folder: Path) -> None:
    words = Texts("en", folder).form.help_html
    assert isinstance(words, Markup)
    assert words.format(n="<i>") == "<b>Write &lt;i&gt;</b>"


def test_a_word_that_is_not_there_is_an_error(folder: Path) -> None:
    texts = Texts("en", folder)
    for missing in (lambda: texts.form.lost, lambda: texts("form.lost"), lambda: texts("lost.title")):
        with pytest.raises(AttributeError):
            missing()


def test_a_later_folder_adds_to_an_earlier_one(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    more = tmp_path_factory.mktemp("more")
    (more / "en.toml").write_text('[form]\nbutton = "Send"\n')
    texts = Texts("en", folder, more)
    assert (texts.form.title, texts.form.button) == ("Write {n}", "Send")


# The consoles and the sink are written with straight apostrophes and plain spaces.
@pytest.mark.parametrize("folder", ["services/gateway/pages/texts", "shared/letter/texts", "shared/statement/texts"])
def test_what_senders_and_recipients_read_is_set_with_care(folder: str) -> None:
    english, french = read(ROOT / folder, "en"), read(ROOT / folder, "fr")
    breaking = ("« ", *(f" {mark}" for mark in ":;?!»"))
    assert not [key for key, sentence in french.items() if any(pair in sentence for pair in breaking)]
    assert {key for key in english if english[key] == french[key]} <= SAME
