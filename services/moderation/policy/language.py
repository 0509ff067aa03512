"""Guesses whether a text is English or French by its commonest words: cheap, and good enough to choose rules."""

from collections.abc import Set as AbstractSet
from typing import Final

from services.moderation.policy.verdict import Language

_ENGLISH: Final = frozenset(
    "the and you that is was for are with his they this have from had not but what all were when we there can an your "
    "which their said if do will each about how up out them then she many some so these would her like him into has "
    "look two more go see no way could people my than been who its now did get come made may part i it he be at by of "
    "to m re ve ll don didn isn doesn won wasn he's she's know just want need think never always because really us".split()
)
_FRENCH: Final = frozenset(
    "le la les un une des du de et est que qui dans en pour pas au aux ce cette ces il elle je tu nous vous ils elles ne "
    "se sur plus par avec tout tous mais ou sa son ses mes ton tes ma ta mon comme si lui leur y ai as avons avez ont "
    "suis es sont etait sera fait faire bien tres quand sans cela ca c j l d qu n t s chez alors aussi meme toi moi "
    "etre avoir vais va veux peux sais rien jamais toujours parce vraiment nos vos votre notre merci".split()
)
_BOTH: Final = frozenset("a on me as or an son ton but fait pour plus sent date point car main pain chat".split())

COMMON_WORDS: Final = _ENGLISH | _FRENCH | frozenset("a on me or u r ur im its dont".split())


def guess(words: AbstractSet[str]) -> Language:
    """English, French, or undetermined when neither's common words prevail."""
    english = len((words & _ENGLISH) - _BOTH)
    french = len((words & _FRENCH) - _BOTH)
    if english == french:
        return "und"
    return "en" if english > french else "fr"
