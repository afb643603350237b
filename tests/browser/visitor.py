"""A visitor who has been here before, so that no tour begins: for tests, and pictures, of what is not the tour.

Separate because both make browser contexts of their own.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext

HAS_SEEN_THE_TOUR = "localStorage.setItem('workbench-tour', 'seen')"
"""What the page itself keeps once it has shown its tour."""


def returning_visitor(browser: Browser, **options: Any) -> BrowserContext:
    """Return a browser context that the tour was shown to; ``options`` are those of ``new_context``."""
    context = browser.new_context(**options)
    context.add_init_script(HAS_SEEN_THE_TOUR)
    return context
