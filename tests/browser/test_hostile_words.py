"""Words and names that are programs, in a real browser: wherever they are shown, they are text, and nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.films import BLUE, RED, write_film
from tests.serve import serve

PATIENCE_MS = 90_000
MOST_BYTES = 200_000
SENTENCES = (
    "a red <img src=x onerror=window.ran=1> circle",
    "</script><script>window.ran=2</script> a blue square",
    '"><svg onload=window.ran=3> <a href="javascript:window.ran=4">red</a>',
    "<b>%{x}</b> <a href='http://evil.example/'>red</a> ${window.ran=5} {{window.ran=6}}",
)
TITLE = "<img src=x onerror=window.ran=7>"
OWN = "a red <img src=x onerror=window.ran=8> star"
INSTRUMENTS = {
    "Moments": "#moments table",
    "Who made it": "#words :text('img')",
    "Where it looked": "#look-maps .maps-strip *",
    "Space": "#space-map .main-svg",
    "What if": "#whatif-sentences li",
    "About": "",
}
FOUND = """() => [...document.querySelectorAll(
    'img[src=x], [onerror], [onload], script[src*=evil], a[href^=javascript], a[href*=evil]')].map(e => e.outerHTML)"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("hostile"), WORKBENCH_MAX_VIDEO_BYTES=str(MOST_BYTES)) as url:
        yield url


def check(page: Page) -> None:
    """Check that nothing has run, and nothing is there that could."""
    assert page.evaluate("window.ran") is None
    assert page.evaluate(FOUND) == []


def test_nothing_that_a_visitor_writes_runs_anywhere(page: Page, url: str, tmp_path: Path) -> None:
    asked = [*(("q", text) for text in SENTENCES), ("model", TITLE), ("fps", TITLE), ("tab", TITLE), (TITLE, TITLE)]
    page.goto(f"{url}?{urlencode(asked)}")
    expect(page.locator("#notice .notice")).to_be_visible(timeout=PATIENCE_MS)
    check(page)

    page.goto(f"{url}?{urlencode([('q', text) for text in SENTENCES])}")
    expect(page.locator("#answers .answer")).to_have_count(len(SENTENCES), timeout=PATIENCE_MS)
    film = write_film(tmp_path / "film.mp4", [(2.0, RED), (2.0, BLUE)]).path
    page.locator("#upload input[type=file]").set_input_files(
        {"name": f"{TITLE}.mp4", "mimeType": "video/mp4", "buffer": film.read_bytes()}
    )
    expect(page.locator("#video-picker option:checked")).to_have_text(TITLE, timeout=PATIENCE_MS)
    expect(page.locator("#answers .answer")).to_have_count(len(SENTENCES), timeout=PATIENCE_MS)
    for name, shown in INSTRUMENTS.items():
        page.get_by_role("tab", name=name).click()
        if shown:
            expect(page.locator(shown).first).to_be_attached(timeout=PATIENCE_MS)
        check(page)

    page.get_by_role("tab", name="What if").click()
    page.fill("#whatif-own textarea, #whatif-own input", OWN)
    page.keyboard.press("Enter")
    expect(page.locator("#whatif-sentences li", has_text="star")).to_be_attached(timeout=PATIENCE_MS)
    check(page)
    with page.expect_download(timeout=PATIENCE_MS) as taken:
        page.click("#export .take-open")
        page.click("#export [data-take=html]")
    taken.value.save_as(report := tmp_path / "report.html")
    assert "&lt;img src=x onerror=" in report.read_text(encoding="utf-8")
    page.goto(report.as_uri())
    page.wait_for_timeout(500)
    check(page)


def test_a_film_that_is_too_large_is_answered_in_a_sentence(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("#answers .answer").first).to_be_visible(timeout=PATIENCE_MS)
    page.locator("#upload input[type=file]").set_input_files(
        {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"x" * 20_000_000}
    )
    expect(page.locator("#upload .upload-text")).to_contain_text("larger than the 0.2 MB that are accepted")
