"""Where the model looked, in a real browser: over the player, in the strip, by word, tested, compared, taken away."""

from __future__ import annotations

import re
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Page, expect

PATIENCE_MS = 180_000
PLAYER = "document.querySelector('#film video')"
ASKED = "?video=toy-test-72-002&q=a+red+circle&q=a+purple+star&tab=look"
CURRENT = "#look-maps .maps-strip [aria-current=true]"
ALPHAS = """() => {
  const [canvas, video] = ['canvas', 'video'].map((name) => document.querySelector(`#film ${name}`));
  const side = canvas.height; // the film is square, and the screen is wider
  const pen = canvas.getContext('2d');
  const left = (canvas.width - side) / 2;
  const mean = (x, y, w, h) => {
    const { data } = pen.getImageData(x, y, w, h);
    return data.reduce((sum, value, at) => sum + (at % 4 === 3 ? value : 0), 0) / (w * h);
  };
  const cell = (row, column) => mean(left + column * side / 8, row * side / 8, side / 8, side / 8);
  return {
    cells: [...Array(8).keys()].map((row) => [...Array(8).keys()].map((column) => cell(row, column))),
    beside: left >= 1 ? mean(0, 0, left, side) : 0,
  };
}"""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def look(page: Page, server_url: str, complaints: list[str]) -> Page:
    """Return the page with the maps of its first sentence."""
    return visit(page, server_url + ASKED)


def visit(page: Page, url: str) -> Page:
    """Open an address that names the tab, and wait until all of it is drawn."""
    page.goto(url)
    page.wait_for_selector("#timeline [data-ready=true]", state="attached", timeout=PATIENCE_MS)
    page.wait_for_selector("#look-picture .main-svg", state="attached", timeout=PATIENCE_MS)
    page.wait_for_function(f"{PLAYER}.readyState >= 2", timeout=PATIENCE_MS)
    return page


def seek(page: Page, seconds: float) -> None:
    page.evaluate(f"workbench.seek({seconds})")
    page.wait_for_function(f"Math.abs({PLAYER}.currentTime - {seconds}) < 0.2 && !{PLAYER}.seeking")


def over_the_player(page: Page) -> tuple[np.ndarray, float]:
    """Return the mean alpha of what lies over each of 8 x 8 parts of the film, and over what is beside it."""
    found = page.evaluate(ALPHAS)
    return np.array(found["cells"]), found["beside"]


def test_the_map_lies_over_the_object_in_the_player_and_nowhere_else(look: Page, complaints: list[str]) -> None:
    seek(look, 41.5)
    look.wait_for_function(f"() => ({ALPHAS})().cells.flat().some((alpha) => alpha > 50)")
    cells, beside = over_the_player(look)
    # The circle is at the top, right of the middle; the star below it is hardly meant.
    assert cells[:2, 4:6].max() == cells.max() > 60
    assert cells[3:].max() < cells.max() / 3
    assert cells[:, [0, 7]].max() < 8
    assert beside == 0
    seek(look, 10)  # outside the moment
    look.wait_for_function(f"() => ({ALPHAS})().cells.flat().every((alpha) => alpha === 0)")
    assert complaints == []


def test_the_map_follows_the_film_while_it_plays(look: Page) -> None:
    seek(look, 39.0)
    expect(look.locator(CURRENT)).to_contain_text("0:39.0")
    before, _ = over_the_player(look)
    look.evaluate(f"{PLAYER}.play()")
    look.wait_for_function(f"{PLAYER}.currentTime > 41.6")
    look.evaluate(f"{PLAYER}.pause()")
    expect(look.locator(CURRENT)).not_to_contain_text("0:39.0")
    after, _ = over_the_player(look)
    assert np.abs(after - before).max() > 30
    # At rest, the page tells of the picture in the player.
    shown = look.locator(CURRENT).locator("small").first.inner_text()
    expect(look.locator("#look-text")).to_contain_text(f"At {shown}: cosine")


def test_opacity_and_switch(look: Page) -> None:
    seek(look, 41.5)
    look.wait_for_function(f"() => ({ALPHAS})().cells.flat().some((alpha) => alpha > 50)")
    strong, _ = over_the_player(look)
    slider = look.get_by_role("slider", name="Opacity")
    slider.focus()
    slider.press("Home")
    for _ in range(4):
        slider.press("ArrowRight")
    expect(slider).to_have_value("20")
    expect(look.locator("#look-maps output")).to_have_text("20 %")
    weak, _ = over_the_player(look)
    assert weak.max() == pytest.approx(strong.max() * 20 / 70, rel=0.1)
    layer = "getComputedStyle(document.querySelector('#look-picture .layer-above .imagelayer image')).opacity"
    assert look.evaluate(layer) == "0.2"
    look.get_by_role("checkbox", name="Map").uncheck()
    assert over_the_player(look)[0].max() == 0
    look.get_by_role("checkbox", name="Map").check()
    assert over_the_player(look)[0].max() > 0
    look.get_by_role("tab", name="Moments").click()
    look.wait_for_function(f"() => ({ALPHAS})().cells.flat().every((alpha) => alpha === 0)")


def test_a_picture_of_the_strip_seeks_with_the_keyboard_too(look: Page) -> None:
    pictures = look.locator("#look-maps .maps-strip button")
    expect(pictures).to_have_count(8)
    expect(pictures.first).to_have_accessible_name(re.compile(r"^0:39\.0 ?0\.\d"))  # the time and the cosine
    pictures.first.click()
    look.wait_for_function(f"Math.abs({PLAYER}.currentTime - 39) < 0.1")
    expect(look.locator("#look-text")).to_contain_text("At 0:39.0: cosine")
    pictures.last.focus()
    look.keyboard.press("Enter")
    look.wait_for_function(f"Math.abs({PLAYER}.currentTime - 44.5) < 0.1")
    expect(look.locator("#look-text")).to_contain_text("At 0:44.5: cosine")


def test_a_word_is_picked_and_given_back(look: Page) -> None:
    red = look.locator("#look-words").get_by_role("button", name="red")
    red.click()
    expect(look.locator("#look-text h3")).to_have_text("Where it looked for “red” alone")
    expect(red).to_have_attribute("aria-pressed", "true")
    red.focus()
    look.keyboard.press("Enter")
    expect(look.locator("#look-text h3")).to_have_text("Where it looked for “a red circle”")
    expect(red).to_have_attribute("aria-pressed", "false")


def test_the_maps_are_tested_and_told_of_in_plain_words(look: Page, complaints: list[str]) -> None:
    expect(look.locator("#look-text")).to_contain_text("Not tested yet")
    look.get_by_role("button", name="Test these maps").click()
    expect(look.locator("#test-text .verdicts li")).to_have_count(3)
    expect(look.locator("#test-text .verdicts strong").first).to_have_text("yes")
    expect(look.locator("#test-text")).to_contain_text("“a purple star”")
    look.wait_for_selector("#curves .main-svg", state="attached")
    expect(look.locator("#test-numbers")).to_contain_text("On random masks")
    expect(look.locator("#look-text")).to_contain_text("Tested: ")
    told = re.compile("better than random|not shown|whatever the sentence")
    expect(look.locator("#look-maps .maps-strip button").first).to_contain_text(told)
    expect(look.get_by_role("button", name="Test these maps")).to_be_hidden()
    # Another sentence has not been tested.
    look.locator("#answers .answer").nth(1).locator("h3").click()
    expect(look.locator("#look-text h3")).to_have_text("Where it looked for “a purple star”")
    expect(look.locator("#look-text")).to_contain_text("Not tested yet")
    assert complaints == []


def test_methods_side_by_side_and_one_of_them_chosen(look: Page, complaints: list[str]) -> None:
    look.get_by_role("button", name="Compare methods").click()
    expect(look.locator("#methods .methods > *")).to_have_count(11)
    look.wait_for_selector("#agreement .main-svg", state="attached")
    look.locator("#methods").get_by_role("button", name="Raw attention").click()
    expect(look.locator("#look-method select")).to_have_value("raw")
    expect(look.locator("#look-text")).to_contain_text("The sentence does not enter this map")
    look.wait_for_url("**method=raw**")
    expect(look.locator("#look-text")).to_contain_text("Raw attention is strongest")
    look.wait_for_timeout(1_000)  # a page that is left while something is on its way complains of it
    look.reload()
    expect(look.locator("#look-method select")).to_have_value("raw")
    expect(look.locator("#look-text")).to_contain_text("Raw attention is strongest")
    assert complaints == []


def test_layers_and_heads_are_browsed(look: Page) -> None:
    look.get_by_role("button", name="Layers and heads").click()
    expect(look.locator("#heads .main-svg").first).to_be_visible()
    look.get_by_label("Layer and head").select_option(label="Layer 4, head 3")
    look.wait_for_function(
        "document.querySelector('#head-picture .plot')._fullData[0].z.some((row) => row.some((value) => value > 0.01))"
    )


def test_picture_and_film_are_taken_away(look: Page, tmp_path: Path) -> None:
    seek(look, 41.5)
    expect(look.locator("#look-text")).to_contain_text("At 0:41.5: cosine")
    sizes = {}
    for button, name in (("Download PNG", "where-it-looked.png"), ("Download film", "where-it-looked.mp4")):
        with look.expect_download() as waiting:
            look.get_by_role("button", name=button).click()
        assert waiting.value.suggested_filename == name
        waiting.value.save_as(tmp_path / name)
        with av.open(str(tmp_path / name)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        sizes[name] = len(frames), frames[0].shape
    assert sizes["where-it-looked.png"] == (1, (256, 256, 3))
    assert sizes["where-it-looked.mp4"] == (59, (256, 256, 3))  # from 38.75 to 44.7 seconds, ten a second


def test_another_sentence_takes_its_map_from_the_player(look: Page) -> None:
    seek(look, 41.5)
    look.wait_for_function(f"() => ({ALPHAS})().cells.flat().some((alpha) => alpha > 50)")
    look.locator("#answers .answer").nth(1).locator("h3").click()
    expect(look.locator("#look-text h3")).to_have_text("Where it looked for “a purple star”")
    look.wait_for_function(f"() => ({ALPHAS})().cells.slice(4).flat().some((alpha) => alpha > 50)")


def test_nothing_is_wider_than_a_phone(page: Page, server_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, server_url + ASKED)
    page.get_by_role("button", name="Test these maps").click()
    page.wait_for_selector("#curves .main-svg", state="attached")
    page.get_by_role("button", name="Compare methods").click()
    page.wait_for_selector("#agreement .main-svg", state="attached")
    page.get_by_role("button", name="Layers and heads").click()
    expect(page.locator("#heads .main-svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    widths = page.locator("#look *").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(widths) <= 391
