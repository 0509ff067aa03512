"""One running system for all of these tests, and Chromium in front of it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.doors import Doors
from tests.support.system import System, running

# Debian's, since playwright's own browsers are not packages.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# A container has no user namespaces for the sandbox and little /dev/shm; the pages are our own.
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-lcd-text")


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system, started as a person starts it; see tests/support/system.py."""
    with running(tmp_path_factory.mktemp("system")) as one:
        yield one


@pytest.fixture(scope="package")
def doors(system: System) -> Doors:
    """The running system's, for people and for who looks over their shoulders."""
    return Doors.of(system)


# For one module at a time: while playwright's blocking interface is open, no asyncio test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
