"""From the start of ``app.py`` to a page that shows its first answer: ``python -m tests.benchmarks.bench_first_page``.

With an empty cache, in a real browser; the bar is 20 seconds until the page can be used. Then every example for new
visitors, whose browsers have kept nothing; the bar is 2 seconds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.unwatched import new_browser
from tests.browser import chromium
from tests.browser.screenshots import READY
from tests.serve import serve
from workbench.media.manifest import read_manifest
from workbench.settings import ASSETS

SETTLED_S = 20.0
"""Until the examples have been read, in the background."""
N_VISITORS = 3
"""For each example."""


def main() -> None:
    """Print when the page answered, and when its first answer stood on the screen."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.MISSING)
    with tempfile.TemporaryDirectory() as home, new_browser(executable) as browser:
        started = time.perf_counter()
        with serve(Path(home)) as url:
            answered_s = time.perf_counter() - started
            browser.seconds_until(READY, url)
            ready_s = time.perf_counter() - started
            print(f"server answers after {answered_s:.1f} s, first answer on the page after {ready_s:.1f} s (bar 20 s)")
            time.sleep(SETTLED_S)
            taken_s = []
            for video in read_manifest(ASSETS / "examples"):
                each_s = [_for_a_new_visitor(f"{url}?video={video.info.id}", executable) for _ in range(N_VISITORS)]
                print(f"{video.info.title}: answered after {min(each_s):.2f} to {max(each_s):.2f} s (bar 2 s)")
                taken_s += each_s
            print(f"all: {min(taken_s):.2f} to {max(taken_s):.2f} s, median {statistics.median(taken_s):.2f} s")


def _for_a_new_visitor(url: str, executable: str) -> float:
    with new_browser(executable) as browser:
        return browser.seconds_until(READY, url)


if __name__ == "__main__":
    main()
