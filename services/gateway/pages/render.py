"""Templates to HTML: one environment, built once; each page knows its language, its links, this deployment's facts."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from services.gateway.pages.site import Site
from shared.events.values import Language
from shared.web import look
from shared.web.assets import Assets
from shared.web.templates import environment
from shared.web.texts import in_every_language

HERE: Final = Path(__file__).parent
TEXTS: Final = in_every_language(HERE / "texts")
ASSETS: Final = Assets(look.STYLESHEET, HERE / "static")
_HOUR_MIN = 60

_pages: Final = environment(HERE / "templates")
_pages.globals["asset"] = ASSETS.path


@dataclass(frozen=True)
class Reader:
    """Who reads the page: in which language, whether by choice, and where the page can be had in the other one."""

    language: Language
    chosen: bool = False
    # None where a page answers a POST: it can't be had again by a link.
    path: str | None = None


def render(name: str, reader: Reader, site: Site, **context: Any) -> str:
    """The page `name`.html."""
    words = TEXTS[reader.language]

    def link(path: str) -> str:
        """Carries the visitor's choice of language along, since no cookie does."""
        if not reader.chosen:
            return path
        page, mark, anchor = path.partition("#")
        return f"{page}?lang={reader.language}{mark}{anchor}"

    return _pages.get_template(f"{name}.html").render(
        t=words,
        reader=reader,
        site=site,
        link=link,
        problem=problem_in_words,
        moment=lambda at: in_words(at, words.common),
        wait=lambda seconds: wait_in_words(seconds, words.common),
        **context,
    )


def problem_in_words(words: Any, field: str, code: str) -> str:
    """The sentence for this field and problem, else the one for this problem in any field."""
    return str(getattr(words, f"{field}_{code}", getattr(words, code, words.other)))


def in_words(at: datetime, common: Any) -> str:
    """A moment as a person writes it, in UTC: the script, if there is one, puts it in the visitor's own time."""
    utc = at.astimezone(UTC)
    month = common.months[utc.month - 1]
    return str(common.moment.format(day=utc.day, month=month, year=utc.year, clock=f"{utc:%H:%M}"))


def wait_in_words(seconds: int, common: Any) -> str:
    """Rounded up, because a person who comes back too early is told to wait again."""
    minutes = -(-seconds // 60)
    if minutes <= 1:
        return str(common.wait_minute)
    if minutes < 2 * _HOUR_MIN:
        return str(common.wait_minutes.format(n=minutes))
    return str(common.wait_hours.format(n=-(-minutes // _HOUR_MIN)))
