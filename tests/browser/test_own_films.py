"""Films that a person brings, in a real browser: kept over a reload, for nobody else, and one of a single frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import READY, visit
from tests.films import BLUE, RED, write_film

NAMES = {"Ann's <cat>": 10, "My second film": 12}
"""Films by their names, and their frames a second: no two are the same file."""


def bring(page: Page, path: Path) -> None:
    """Upload a film, and wait until it is the one on show."""
    page.locator("#upload input[type=file]").set_input_files(path)
    expect(page.locator("#video-picker option:checked")).to_have_text(path.stem)


def films(page: Page) -> list[str]:
    return page.locator("#video-picker option").all_inner_texts()


def test_a_reload_keeps_the_films_of_its_visitor_and_shows_them_to_nobody_else(
    page: Page, server_url: str, tmp_path: Path
) -> None:
    mine = [write_film(tmp_path / f"{name}.mp4", [(1.0, RED), (2.0, BLUE)], fps=fps) for name, fps in NAMES.items()]
    visit(page, server_url)
    for film in mine:
        bring(page, film.path)
    listed = films(page)
    assert listed[-2:] == list(NAMES)
    page.reload()
    expect(page.locator("#video-picker option:checked")).to_have_text(listed[-1])
    assert films(page) == listed
    page.locator("#video-picker select").select_option(label=listed[-2])
    expect(page.locator("#film video")).to_have_attribute("aria-label", listed[-2])
    assert films(page) == listed
    stranger = page.context.browser.new_context().new_page()
    visit(stranger, page.url)
    assert films(stranger)[:-1] == listed[:-2]
    expect(stranger.locator("#video-picker option:checked")).to_contain_text("Upload ")
    stranger.context.close()


@pytest.mark.parametrize("width_px", [1280, 390])
def test_a_film_of_one_frame_is_shown_without_what_takes_two(
    page: Page, server_url: str, tmp_path: Path, width_px: int
) -> None:
    page.set_viewport_size({"width": width_px, "height": 844})
    visit(page, f"{server_url}?q=red")
    bring(page, write_film(tmp_path / "One frame.mp4", [(0.04, RED)], fps=25).path)
    page.wait_for_selector(READY, state="attached")
    expect(page.locator("#answers .answer")).to_have_count(1)
    expect(page.locator("#film-choice .note")).to_contain_text("0.04 s, 96 × 64, 25 fps")
    expect(page.locator("#moments")).to_have_text("No moments were found.")
    assert page.locator("#timeline .heatmaplayer image").count() == 1
    assert page.locator("#timeline .imagelayer image").count() == 0
    bottom = page.locator("#timeline .plot").evaluate("plot => plot.getBoundingClientRect().bottom")
    assert page.locator("#caption").bounding_box()["y"] - bottom < 16
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
