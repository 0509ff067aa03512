"""Both languages say all there is to say, of the consoles and of those who use them."""

import re
from pathlib import Path

import pytest

from shared.console.console import OWN_PAGES
from shared.console.texts import Texts

SERVICES = Path(__file__).parents[3] / "services"
FOLDERS = [OWN_PAGES / "texts", *sorted(SERVICES.glob("moderation/pages/texts"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parts[-3])
def test_english_and_french_have_the_same_keys_and_facts(folder: Path):
    english, french = Texts("en", [folder]), Texts("fr", [folder])
    assert english.keys() == french.keys()
    for key in sorted(english.keys()):
        facts = [sorted(re.findall(r"\{(\w+)\}", texts(key))) for texts in (english, french)]
        assert facts[0] == facts[1], key


def test_a_key_that_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        Texts("en", [OWN_PAGES / "texts"])("sign_in.nothing")
