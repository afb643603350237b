"""From the start of ``app.py`` to a page that shows its first answer: ``python -m tests.benchmarks.bench_first_page``.

With an empty cache, in a real browser; the bar is 20 seconds until the page can be used.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.screenshots import PATIENCE_MS, READY
from tests.serve import serve


def main() -> None:
    """Print when the page answered, and when its first answer stood on the screen."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.MISSING)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        page = browser.new_page()
        started = time.perf_counter()
        with serve(Path(home)) as url:
            answered_s = time.perf_counter() - started
            page.goto(url)
            page.locator(READY).first.wait_for(state="attached", timeout=PATIENCE_MS)
            ready_s = time.perf_counter() - started
        browser.close()
    print(f"server answers after {answered_s:.1f} s, first answer on the page after {ready_s:.1f} s (bar 20 s)")


if __name__ == "__main__":
    main()
