"""A headless Chromium for the tests in this folder, and a fresh visitor's page in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.browser import chromium
from tests.browser.visitor import returning_visitor
from tests.scheduling import at_usual_priority

DESKTOP = {"width": 1440, "height": 900}
PATIENCE_MS = 60_000


# Not for the whole session: Playwright's event loop would stand in the way of later tests.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Yield Chromium; without one, fail in continuous integration and skip elsewhere."""
    executable = chromium.find()
    if executable is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(chromium.MISSING)
    with at_usual_priority(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield an empty page of a visitor who has had the tour, and nothing else, at desktop size."""
    context = returning_visitor(browser, viewport=DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Return a list that collects what the browser complains of."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
