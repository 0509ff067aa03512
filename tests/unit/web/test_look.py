"""The colours of leak.css pass WCAG AA, on light and on dark."""

import re

import pytest

from shared.letter import ACCENTS
from shared.web.look import STYLESHEET

READ = ("ink", "quiet", "warn", "danger", *ACCENTS)


def colours(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", STYLESHEET.read_text(encoding="utf-8"), re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else found


def luminance(colour: str) -> float:
    # WCAG 2.2, relative luminance
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_every_ground(scheme: str) -> None:
    named = colours(scheme)
    for ink in READ:
        assert contrast(named[ink], named["paper"]) >= 4.5, ink
        assert contrast(named[ink], named["ground"]) >= 4.5, ink
    assert contrast(named["ink"], named["warn-ground"]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_button_is_readable_and_a_field_is_seen(scheme: str) -> None:
    named = colours(scheme)
    assert all(contrast(named[kind], named["on-accent"]) >= 4.5 for kind in ACCENTS)
    assert contrast(named["edge"], named["paper"]) >= 3
    assert contrast(named["edge"], named["ground"]) >= 3


def test_the_mail_has_the_colours_of_the_pages() -> None:
    light, dark = colours("light"), colours("dark")
    assert {kind: (light[kind], dark[kind]) for kind in ACCENTS} == {
        kind: (accent.light, accent.dark) for kind, accent in ACCENTS.items()
    }


def test_the_measure_itself_tells_black_from_grey() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert contrast("#777777", "#ffffff") < 4.5
