"""From the start of ``app.py`` to a page that shows its first answer: ``python -m tests.benchmarks.bench_first_page``.

With an empty cache, in a real browser; the bar is 20 seconds until the page can be used. Then every example for a new
visitor, whose browser has kept nothing; the bar is 2 seconds.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.screenshots import PATIENCE_MS, READY
from tests.serve import serve
from workbench.media.manifest import read_manifest
from workbench.settings import ASSETS

SETTLED_S = 20.0
"""Until the examples have been read, in the background."""


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
            print(f"server answers after {answered_s:.1f} s, first answer on the page after {ready_s:.1f} s (bar 20 s)")
            time.sleep(SETTLED_S)
            for video in read_manifest(ASSETS / "examples"):
                visitor = browser.new_context()
                page = visitor.new_page()
                started = time.perf_counter()
                page.goto(f"{url}?video={video.info.id}")
                page.locator(READY).first.wait_for(state="attached", timeout=PATIENCE_MS)
                print(f"{video.info.title}: answered after {time.perf_counter() - started:.2f} s (bar 2 s)")
                visitor.close()
        browser.close()


if __name__ == "__main__":
    main()
