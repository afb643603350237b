"""Who made the score, in a real browser: open the tab, read, click a word, a cell, a part of the film, a picture."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

PATIENCE_MS = 90_000
PLAYER = "document.querySelector('#film video')"
ASKED = "?video=toy-test-72-002&q=a+red+circle&q=a+purple+star"
SAMPLING_STEP_S = 0.5

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def who(page: Page, server_url: str, complaints: list[str]) -> Page:
    """Return the page with the answer and the explanation of its first sentence."""
    return visit(page, server_url + ASKED + "&tab=who")


def visit(page: Page, url: str) -> Page:
    """Open an address that names the tab, and wait until all of it is drawn."""
    page.goto(url)
    page.wait_for_selector("#timeline [data-ready=true]", state="attached", timeout=PATIENCE_MS)
    page.wait_for_selector("#values [data-ready=true]", state="attached", timeout=PATIENCE_MS)
    page.wait_for_selector("#cells .plot .heatmaplayer image", state="attached", timeout=PATIENCE_MS)
    return page


def drawn(page: Page, where: str) -> dict:
    """Return what a picture was drawn from: plotly's own data and layout."""
    return page.evaluate(
        f"(() => {{ const p = document.querySelector('{where} .plot');"
        " return {data: p.data.map(d => ({...d})), layout: p.layout}; })()"
    )


def value_of_word(page: Page, word: str) -> float:
    text = page.locator("#words .word", has_text=re.compile(rf"^{word}")).locator("small").inner_text()
    return float(text.replace("\N{MINUS SIGN}", "-"))


def test_the_tab_explains_the_sentence_on_show(who: Page, complaints: list[str]) -> None:
    assert [box.inner_text() for box in who.locator("#words .word b").all()] == ["a", "red", "circle"]
    expect(who.locator("#who")).to_contain_text("Without “red” the span's lead over the video falls by")
    expect(who.locator("#who")).to_contain_text("Exact over all 8 coalitions")
    assert value_of_word(who, "red") > value_of_word(who, "a")
    expect(who.locator("#values-text")).to_contain_text("Without the frames from 0:3")
    assert complaints == []


def test_values_stand_on_the_axis_of_the_timeline(who: Page) -> None:
    above, below = (who.locator(f"{where} .plot").bounding_box() for where in ("#timeline", "#values"))
    assert above["x"] == below["x"]
    assert above["width"] == below["width"]
    assert drawn(who, "#timeline")["layout"]["xaxis"]["range"] == drawn(who, "#values")["layout"]["xaxis"]["range"]
    assert below["y"] > above["y"] + above["height"]
    who.evaluate("workbench.seek(20)")
    who.wait_for_function(f"Math.abs({PLAYER}.currentTime - 20) < 0.2")
    lines = [who.locator(f"{where} .playhead").bounding_box()["x"] for where in ("#timeline", "#values")]
    assert abs(lines[0] - lines[1]) < 1


def test_the_playhead_hides_no_number_that_it_crosses(who: Page) -> None:
    number = who.locator("#values .bartext:visible").first
    number.scroll_into_view_if_needed()
    plot, box = who.locator("#values .plot").bounding_box(), number.bounding_box()
    duration_s = drawn(who, "#values")["layout"]["meta"]["duration_s"]
    at_s = (box["x"] + 3 - plot["x"]) / plot["width"] * duration_s  # on its sign
    who.evaluate(f"workbench.seek({at_s})")
    playhead = who.locator("#values .playhead")
    who.wait_for_function(f"Math.abs({PLAYER}.currentTime - {at_s}) < 0.2")
    line = playhead.bounding_box()
    assert box["x"] < line["x"] < box["x"] + box["width"]
    above = box | {"y": box["y"] - 4, "height": 4}
    seen = [who.screenshot(clip=clip) for clip in (box, above)]
    who.add_style_tag(content=".playhead { visibility: hidden }")
    bare = [who.screenshot(clip=clip) for clip in (box, above)]
    assert [before == after for before, after in zip(seen, bare, strict=True)] == [True, False]


def test_another_row_explains_another_sentence(who: Page) -> None:
    box = who.locator("#timeline .plot").bounding_box()
    second = drawn(who, "#timeline")["layout"]["meta"]["rows"][1]
    who.mouse.click(box["x"] + 40, box["y"] + 24 + sum(second) / 2)
    expect(who.locator("#words .whole")).to_contain_text("a purple star")
    assert [b.inner_text() for b in who.locator("#words .word b").all()] == ["a", "purple", "star"]


def test_a_clicked_answer_explains_its_sentence(who: Page) -> None:
    who.locator("#answers .answer").nth(1).locator("h3").click()
    expect(who.locator("#words .whole")).to_contain_text("a purple star")


def test_a_span_dragged_below_is_selected_above(who: Page) -> None:
    who.locator("#values .plot").scroll_into_view_if_needed()
    box = who.locator("#values .plot").bounding_box()
    y = box["y"] + 50
    who.mouse.move(box["x"] + 0.2 * box["width"], y)
    who.mouse.down()
    who.mouse.move(box["x"] + 0.4 * box["width"], y, steps=4)
    who.mouse.up()
    expect(who.locator("#timeline .span-bar")).to_be_visible()
    expect(who.locator("#values-text")).to_contain_text("Exact over all")
    expect(who.locator("#values .span-bar")).to_be_hidden()


def test_a_cell_goes_to_its_frame_and_lights_up_its_word(who: Page) -> None:
    cells = drawn(who, "#cells")["data"][0]
    who.locator("#cells").scroll_into_view_if_needed()
    box = who.locator("#cells .plot .heatmaplayer image").bounding_box()
    n_words, n_frames = len(cells["y"]), len(cells["x"])
    word, frame = 1, n_frames - 2
    who.mouse.click(
        box["x"] + (frame + 0.5) / n_frames * box["width"], box["y"] + (word + 0.5) / n_words * box["height"]
    )
    expect(who.locator("#words .word.is-lit b")).to_have_text("red")
    minutes, seconds = cells["text"][word][frame].split(" ")[0].split(":")
    away_s = who.evaluate(f"{PLAYER}.currentTime") - (60 * int(minutes) + float(seconds))
    assert abs(away_s) < SAMPLING_STEP_S / 2


def test_parts_of_the_film_open_and_close(who: Page) -> None:
    def rows() -> list[list[float]]:
        return drawn(who, "#values")["layout"]["meta"]["rows"]

    first = rows()
    who.locator("#values .plot").scroll_into_view_if_needed()
    box = who.locator("#values .plot").bounding_box()
    level = first[1]
    at = (box["x"] + 0.9 * box["width"], box["y"] + 24 + sum(level) / 2)
    who.mouse.click(*at)
    who.wait_for_function("document.querySelector('#values .plot').layout.meta.rows.length === 3")
    parts = drawn(who, "#values")["data"]
    whole, opened = parts[1], parts[2]
    inside = [span for span in zip(whole["x"], whole["width"], strict=True) if abs(span[0] - 0.9 * 44.7) <= span[1] / 2]
    assert np.isclose(sum(opened["width"]), inside[0][1], atol=0.01)
    who.mouse.click(*at)
    who.wait_for_function("document.querySelector('#values .plot').layout.meta.rows.length === 2")


def test_patches_are_explained_on_request(who: Page, complaints: list[str]) -> None:
    assert who.locator("#patches .plot svg").count() == 0
    who.evaluate("workbench.seek(42)")
    who.wait_for_function(f"Math.abs({PLAYER}.currentTime - 42) < 0.2")
    who.locator("#ask-patches").click()
    who.wait_for_selector("#patches .plot .main-svg", timeout=PATIENCE_MS)
    expect(who.locator("#picture")).to_contain_text("Estimated from")
    expect(who.locator("#picture")).to_contain_text("± ")
    assert drawn(who, "#patches")["layout"]["images"][0]["source"].startswith("data:image/jpeg;base64,")
    assert complaints == []


def test_who_comes_back_to_the_tab_finds_it_as_it_was(who: Page) -> None:
    who.get_by_role("tab", name="Moments").click()
    expect(who.locator("#values .plot")).to_be_visible()
    who.get_by_role("tab", name="Who made it").click()
    expect(who.locator("#words .whole")).to_contain_text("a red circle")


def test_nothing_is_wider_than_a_phone(page: Page, server_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    visit(page, server_url + ASKED + "&tab=who")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_another_film_forgets_the_explanation(who: Page) -> None:
    who.locator("#video-picker select").select_option(label="Toy world 1: shapes on a plain ground")
    expect(who.locator("#words .whole")).to_contain_text("a white cross")
    assert drawn(who, "#values")["layout"]["meta"]["duration_s"] == pytest.approx(25.4, abs=0.1)
