"""A long film that is still being read, in a real browser: rows fill in, and nothing of them is left behind.

Separate because the model is kept waiting by the test: the page is not the one that the other tests visit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.films import BLUE, RED, write_film
from tests.gated import MODEL_ID, Gate
from tests.serve import serve
from workbench.analyses.chunks import CHUNK_FRAMES
from workbench.media.library import VideoLibrary
from workbench.settings import Settings

DURATION_S = 2 * 3600
SHARE_READ = """() => { const heat = document.querySelector('#timeline .heatmaplayer image');
    const plot = document.querySelector('#timeline .plot');
    return heat ? heat.getBoundingClientRect().width / plot.getBoundingClientRect().width : 0 }"""
IS_DIMMED = "(name) => Number(getComputedStyle(document.querySelector(name)).opacity) < 1"

expect.set_options(timeout=60_000)


class Site:
    """A page with a film of two hours, and the gate of the model that reads it in chunks of 64 frames."""

    def __init__(self, url: str, video: str, gate: Gate) -> None:
        self.url, self.video, self.gate = url, video, gate

    def visit(self, page: Page, fps: float, *queries: str) -> None:
        """Open the page on the film, of which two chunks are then read; every test has an ``fps`` of its own."""
        self.gate.open(2)
        asked = httpx.QueryParams({"video": self.video, "model": MODEL_ID, "fps": fps, "q": list(queries)})
        page.goto(f"{self.url}?{asked}")
        self.wait_until_read(page, fps, 2)

    def wait_until_read(self, page: Page, fps: float, n_chunks: int) -> None:
        """Wait until the timeline shows that many chunks, and no more."""
        share = min(1.0, n_chunks * CHUNK_FRAMES / fps / DURATION_S)
        page.wait_for_function(f"() => Math.abs(({SHARE_READ})() - {share}) < 0.02")

    def open_wide(self, fps: float, n_read: int) -> None:
        """Let the rest through."""
        self.gate.open(math.ceil(DURATION_S * fps / CHUNK_FRAMES) - n_read)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the page, served by a process of its own."""
    folder = tmp_path_factory.mktemp("filling-in")
    film = write_film(folder / "long.mp4", [(DURATION_S / 2, RED), (DURATION_S / 2, BLUE)], fps=1)
    home, gate = folder / "home", Gate(folder / "gate")
    video = VideoLibrary(replace(Settings(), home=home)).add(film.path, "A long film").id
    with serve(home, ("-m", "tests.gated", str(folder / "gate"))) as url:
        yield Site(url, video, gate)


@pytest.mark.parametrize(("width_px", "fps"), [(1440, 0.1), (390, 0.11)])
def test_rows_fill_in_while_a_film_is_read(page: Page, site: Site, width_px: int, fps: float) -> None:
    page.set_viewport_size({"width": width_px, "height": 844})
    site.visit(page, fps, "red", "blue")
    expect(page.locator("#timeline .annotation-text", has_text="blue")).to_be_visible()
    expect(page.locator("#caption")).to_contain_text("So far: the raw cosine")
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    labels = page.locator("#timeline .xtick text").evaluate_all("all => all.map(one => one.getAttribute('transform'))")
    assert labels
    assert not any("rotate(" in (label or "") and "rotate(0" not in label for label in labels)
    site.gate.open(3)
    site.wait_until_read(page, fps, 5)
    assert not page.evaluate(IS_DIMMED, "#timeline .canvas")
    expect(page.locator("#answers .answer")).to_have_count(0)
    site.open_wide(fps, 5)
    expect(page.locator("#answers .answer")).to_have_count(2)
    expect(page.locator("#caption")).not_to_contain_text("So far")
    expect(page.locator("#model-picker ~ * summary").last).to_contain_text("605 MB")
    site.wait_until_read(page, fps, 99)
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px


def test_a_click_on_what_was_read_seeks_and_asks_nothing(page: Page, site: Site) -> None:
    fps = 0.12
    site.visit(page, fps, "red")
    box = page.locator("#timeline .plot").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 60)
    page.wait_for_function(f"Math.abs(document.querySelector('#film video').currentTime - {DURATION_S / 4}) < 60")
    expect(page.locator("#notice .notice")).to_have_count(0)
    site.open_wide(fps, 2)
    expect(page.locator("#answers .answer")).to_have_count(1)


def test_what_was_seen_stays_when_stopped_and_is_dimmed_by_another_question(page: Page, site: Site) -> None:
    fps = 0.13
    site.visit(page, fps, "red")
    page.locator("#cancel").click()
    expect(page.locator("#status")).to_contain_text("Stopping")  # the next chunk would otherwise go on to one more
    site.gate.open()
    expect(page.locator("#resume")).to_be_visible()
    expect(page.locator("#caption")).to_contain_text("So far")
    assert not page.evaluate(IS_DIMMED, "#timeline .canvas")
    page.locator("#parameter-fps input").fill("0")
    page.locator("#parameter-fps input").press("Enter")
    expect(page.locator("#notice .stale")).to_be_visible()
    page.wait_for_function(f"() => ({IS_DIMMED})('#timeline .canvas')")
    page.locator("#video-picker select").select_option(index=0)
    expect(page.locator("#caption")).not_to_contain_text("So far")


def test_closing_the_tab_stops_as_the_page_says_and_a_later_visit_goes_on(page: Page, site: Site) -> None:
    fps = 0.4
    site.visit(page, fps, "red")
    page.wait_for_timeout(5000)  # so that the rest is a long way
    site.gate.open()
    expect(page.locator("#status")).to_contain_text("192 of 2,880")
    expect(page.locator("#status")).to_contain_text("Closing the tab stops it; it goes on from there later.")
    link, context = page.url, page.context
    page.close()
    later = context.new_page()
    later.goto(link)
    for _ in range(30):  # work that nobody waits for ends with a chunk, once the server knows of the closing
        site.gate.open()
        later.wait_for_timeout(1000)
        if found := re.search(r"(\d+) of 2,880", later.locator("#status").inner_text()):
            break
    assert found
    assert int(found[1]) >= 192
    site.open_wide(fps, 4)
    expect(later.locator("#answers .answer")).to_have_count(1)


def test_the_warnings_of_an_answer_are_dimmed_with_it_when_another_model_is_asked(page: Page, site: Site) -> None:
    fps = 0.14
    page.goto(f"{site.url}?{httpx.QueryParams({'video': site.video, 'fps': fps, 'q': 'a zebra'})}")
    # A thousand frames of a film of two hours are read for this.
    expect(page.locator("#answers .warning").first).to_be_visible(timeout=240_000)
    assert not page.evaluate(IS_DIMMED, "#answers .warning")
    page.locator("#model-picker select").select_option(MODEL_ID)
    expect(page.locator("#status .working")).to_be_visible()
    for name in ("#answers .answer", "#answers .warning"):
        assert page.evaluate(IS_DIMMED, name)
    site.open_wide(fps, 0)
    expect(page.locator("#answers .source")).to_contain_text("Gated histogram")
