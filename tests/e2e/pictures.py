"""Screenshots for the documents: a walk takes them into docs/images where LEAK_PICTURES is set, else none."""

import os

from playwright.sync_api import FloatRect, Page

from local.layout import CHECKOUT

KEPT = CHECKOUT / "docs" / "images"
# A clone carries every version of them for ever, so a long page is cut.
LARGEST_B = 150_000
TALLEST_PX = {"phone": 1_900, "desk": 1_150}
PHONE_PX = 500


def take(page: Page, name: str) -> None:
    """The page from its top, as the person in front of it sees it."""
    if not os.environ.get("LEAK_PICTURES"):
        return
    path = KEPT / f"{name}.png"
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    tallest = TALLEST_PX["phone" if width < PHONE_PX else "desk"]
    clip = FloatRect(x=0, y=0, width=width, height=min(height, tallest))
    page.screenshot(path=path, full_page=True, clip=clip, animations="disabled", caret="hide")
    assert path.stat().st_size < LARGEST_B, f"{name}.png has {path.stat().st_size} bytes"
