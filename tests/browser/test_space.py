"""The space of a model, in a real browser: a map with pictures, points to pick, a box that lists what is in it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from scipy import ndimage

from tests.small_maps import small_map
from workbench.figures.embedding import embedding_figure

PATIENCE_MS = 120_000
ASKED = "?video=toy-test-72-000&q=a+white+cross&tab=space&map=pca"
PLAYER = "document.querySelector('#film video')"
POINT = """(number) => {
  const plot = document.querySelector('#space-map .plot');
  const trace = plot._fullData.find((each) => each.mode === 'markers' && each.customdata?.length > 3);
  const { xaxis, yaxis } = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  return {
    x: box.left + xaxis._offset + xaxis.l2p(trace.x[number]),
    y: box.top + yaxis._offset + yaxis.l2p(trace.y[number]),
    row: trace.customdata[number],
    span: plot.layout.meta.spans[trace.customdata[number]],
  };
}"""

PICKED = "(buttons) => buttons.map((button) => button.dataset.pick)"

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def space(page: Page, server_url: str, complaints: list[str]) -> Page:
    """Return the page with the principal components of a film, which take no time."""
    page.goto(server_url + ASKED)
    page.wait_for_selector("#space-groups .groups", timeout=PATIENCE_MS)
    page.wait_for_selector("#space-map[data-drawn], #space-map [data-drawn]", timeout=PATIENCE_MS)
    page.wait_for_function(f"{PLAYER}.readyState >= 2", timeout=PATIENCE_MS)
    page.locator("#space-map .plot").scroll_into_view_if_needed()
    return page


def test_who_comes_to_the_tab_later_finds_all_its_choices(page: Page, server_url: str) -> None:
    """Their values were sent before there was anything to show them."""
    page.goto(server_url)
    page.wait_for_selector("#timeline [data-ready=true]", state="attached", timeout=PATIENCE_MS)
    page.get_by_role("tab", name="Space").click()
    for choice in ("space-films", "space-points", "examine-clips", "pair-other"):
        expect(page.locator(f"#{choice} option")).not_to_have_count(0)


def draw_box(page: Page, of: str, start: tuple[int, int], width: float, above_foot: int) -> None:
    """Draw a box on a map, from ``start`` in its plot to that share of its width, so many pixels above its foot."""
    page.click(f"{of} [data-drag=select]")
    page.locator(f"{of} .plot").scroll_into_view_if_needed()
    plot = page.locator(f"{of} .plot").bounding_box()
    assert plot is not None
    page.mouse.move(plot["x"] + start[0], plot["y"] + start[1])
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * width, plot["y"] + plot["height"] - above_foot, steps=6)
    page.mouse.up()


IN_PLOT = """() => {
  const plot = document.querySelector('#space-map .plot');
  const { xaxis, yaxis } = plot._fullLayout;
  const { left, top } = plot.getBoundingClientRect();
  const found = {};
  for (const trace of plot._fullData.filter((each) => each.mode.startsWith('markers')))
    trace.customdata.forEach((row, at) => {
      found[row] = [left + xaxis._offset + xaxis.l2p(trace.x[at]), top + yaxis._offset + yaxis.l2p(trace.y[at])];
    });
  return found;
}"""
"""Where every row lies, in pixels of the page."""
RINGS = """() => [...document.querySelectorAll('#space-map .space-lit > div:not([hidden])')].map((ring) => {
  const { left, top, width, height } = ring.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
})"""


def test_what_is_nearest_to_the_sentence_is_lit_before_anything_is_clicked(space: Page) -> None:
    near = space.locator("#space-near .near")
    expect(near.locator("li")).to_have_count(8)
    rows = [near.get_attribute("data-rows"), *near.locator("[data-pick]").evaluate_all(PICKED)]
    expect(space.locator("#space-map .space-lit > div")).to_have_count(9)
    places = space.evaluate(IN_PLOT)
    assert space.evaluate("(row) => document.querySelector('#space-map .plot').layout.meta.labels[row]", rows[0]) == (
        "a white cross"
    )
    rings = space.evaluate(RINGS)
    assert len(rings) == len(set(rows)) == 9
    np.testing.assert_allclose(rings, [places[row] for row in rows], atol=1.5)


def test_a_loop_lists_the_points_inside_it_and_no_others(space: Page) -> None:
    space.click("#space-map [data-drag=lasso]")
    expect(space.locator("#space-map [data-drag=lasso]")).to_have_attribute("aria-pressed", "true")
    space.locator("#space-map .plot").scroll_into_view_if_needed()
    places = {int(row): np.array(at) for row, at in space.evaluate(IN_PLOT).items()}
    middle = np.median(list(places.values()), axis=0)
    away = {row: float(np.linalg.norm(at - middle)) for row, at in places.items()}
    # Around half of the points, through the widest gap between them.
    order = sorted(away.values())
    gaps = np.diff(order)[len(order) // 4 : 3 * len(order) // 4]
    at = len(order) // 4 + int(gaps.argmax())
    radius = (order[at] + order[at + 1]) / 2
    inside = sorted(row for row, far in away.items() if far < radius)
    assert gaps.max() > 2
    assert 5 < len(inside) < len(places) - 5
    angles = np.linspace(0, 2 * np.pi, 60)
    loop = middle + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    space.mouse.move(*loop[0])
    space.mouse.down()
    for x, y in loop[1:]:
        space.mouse.move(x, y)
    space.mouse.up()
    chosen = space.locator("#space-map .space-chosen")
    expect(chosen).to_be_visible()
    expect(chosen.locator("p")).to_contain_text(f"{len(inside)} points chosen")
    meta = space.evaluate("() => document.querySelector('#space-map .plot').layout.meta")
    clock = "(row) => {const [a, b] = document.querySelector('#space-map .plot').layout.meta.spans[row];"
    clock += "return a === null ? '' : workbench.clock((a + b) / 2)}"
    listed = [line.locator("td").nth(1).inner_text() for line in chosen.locator("tbody tr").all()]
    assert listed == [space.evaluate(clock, row) for row in inside]
    n_lit = sum(meta["spans"][row][0] is not None for row in inside)
    assert f"{n_lit} of the video on show are lit" in chosen.locator("p").inner_text()


def test_a_refusal_stands_by_the_choices_until_the_next_change(space: Page) -> None:
    notice = space.locator("#space-notice")
    expect(notice).to_be_hidden()
    space.click("#space-how button")
    space.fill("#space-through input, #space-through textarea", "a white object")
    space.click("#space-apply")
    expect(notice).to_contain_text("give two or more")
    space.set_viewport_size({"width": 390, "height": 844})
    space.wait_for_timeout(500)
    assert space.evaluate("document.documentElement.scrollWidth") <= 390
    choices, box = space.locator("#space-choices").bounding_box(), notice.bounding_box()
    assert choices is not None
    assert box is not None
    assert box["y"] >= choices["y"] + choices["height"]
    space.select_option("#space-colour select", "time")
    expect(notice).to_be_hidden()


def test_a_point_shows_its_picture_and_goes_to_its_place(space: Page) -> None:
    point = space.evaluate(POINT, 2)
    space.mouse.move(point["x"] - 3, point["y"])
    space.mouse.move(point["x"], point["y"])
    expect(space.locator("#space-map .space-tip")).to_be_visible()
    expect(space.locator("#space-map .space-tip img")).to_have_attribute(
        "src", re.compile(r"workbench/picture/[0-9a-f]{64}/\d+")
    )
    space.wait_for_function(
        "document.querySelector('#space-map .space-tip img').naturalWidth > 10", timeout=PATIENCE_MS
    )
    space.mouse.click(point["x"], point["y"])
    near = space.locator(f"#space-near .near[data-rows='{point['row']}']")
    expect(near.locator("li")).to_have_count(8)
    start_s, end_s = space.evaluate("() => document.querySelector('#space-map .plot').layout.meta.spans")[
        int(near.get_attribute("data-rows"))
    ]
    space.wait_for_function(f"Math.abs({PLAYER}.currentTime - {(start_s + end_s) / 2}) < 0.3", timeout=PATIENCE_MS)
    assert space.locator("#space-map .space-lit > div:not([hidden])").count() >= 5
    expect(space.locator("#space-map .space-now > div")).to_be_visible()


def test_a_box_lists_what_is_in_it_and_lights_the_timeline(space: Page) -> None:
    draw_box(space, "#space-map", (26, 12), 0.75, 30)
    chosen = space.locator("#space-map .space-chosen")
    expect(chosen).to_be_visible()
    n_chosen = int(re.match(r"(\d+) points", chosen.locator("p").inner_text())[1])
    assert n_chosen > 10
    lit = space.locator("#timeline .lit")
    assert 10 < lit.count() <= n_chosen
    assert chosen.locator("tbody tr").count() == min(n_chosen, 60)
    assert 0 < chosen.locator("img").count() <= 24
    chosen.locator("tbody button").first.click()
    expect(space.locator("#space-near .near")).to_be_visible()
    space.click("#space-map [data-drag=whole]")
    expect(chosen).to_be_hidden()
    expect(lit).to_have_count(0)


def test_choices_make_another_map_and_stay_in_the_address(space: Page) -> None:
    drawn = space.locator("#space-map").evaluate(
        "(e) => (e.dataset.drawn || e.querySelector('[data-drawn]').dataset.drawn)"
    )
    space.select_option("#space-colour select", "time")
    space.wait_for_function(
        "(old) => (document.querySelector('#space-map[data-drawn], #space-map [data-drawn]').dataset.drawn !== old)",
        arg=drawn,
        timeout=PATIENCE_MS,
    )
    space.wait_for_function("location.search.includes('colour=time')", timeout=PATIENCE_MS)
    space.select_option("#space-path select", "1")
    space.wait_for_function(
        "document.querySelector('#space-map .plot')._fullData.some((each) => each.mode === 'lines')",
        timeout=PATIENCE_MS,
    )
    assert "path=1" in space.evaluate("location.search")


@pytest.mark.parametrize("colour_by", ["video", "time"])
def test_hollow_points_are_seen(page: Page, colour_by: str) -> None:
    found = small_map()
    inks = []
    for is_torn in (True, False):
        figure = embedding_figure(replace(found, is_torn=np.full(len(found.items), is_torn)), colour_by)
        figure.update_layout(width=400, height=400, paper_bgcolor="white", plot_bgcolor="white", showlegend=False)
        figure.update_layout(coloraxis_showscale=False).update_traces(text="")
        figure.layout.annotations = ()  # the number of a class, which stands beside its points
        page.set_content(figure.to_html(include_plotlyjs=True, config={"displayModeBar": False}))
        page.wait_for_function("document.querySelector('.js-plotly-plot')?._fullData?.length > 0")
        page.wait_for_timeout(500)
        ink = 255 - np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("L")).astype(int)
        assert ndimage.label(ndimage.binary_dilation(ink > 15, iterations=3))[1] == len(found.items)
        inks.append(int(ink.sum()))
    assert inks[0] < 0.85 * inks[1], inks


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen(space: Page, width: int) -> None:
    space.set_viewport_size({"width": width, "height": 844})
    space.wait_for_timeout(500)
    assert space.evaluate("document.documentElement.scrollWidth") <= width


def test_a_frame_in_the_player_and_a_picture_of_ones_own_are_looked_for(space: Page, tmp_path: Path) -> None:
    near = space.locator("#space-near .near")
    expect(space.locator("#space-near")).to_contain_text("“a white cross”")
    space.evaluate(f"{PLAYER}.currentTime = 14.3")
    space.wait_for_function(f"Math.abs({PLAYER}.currentTime - 14.3) < 0.1", timeout=PATIENCE_MS)
    space.click("#space-map [data-drag=here]")
    expect(space.locator(".near-own")).to_contain_text("0:14.")
    spans = space.evaluate("() => document.querySelector('#space-map .plot').layout.meta.spans")
    start_s, end_s = spans[int(near.get_attribute("data-rows") or -1)]
    assert start_s <= 14.3 < end_s
    path = tmp_path / "holiday.png"
    Image.new("RGB", (64, 48), (20, 60, 160)).save(path)
    space.set_input_files("#space-picture input[type=file]", path)
    expect(space.locator(".near-own")).to_contain_text("holiday")
    expect(near.locator("li")).to_have_count(8)
    assert "picture=" in space.evaluate("location.search")
    space.click("#space-forget")
    expect(space.locator("#space-near")).to_contain_text("“a white cross”")
    expect(space.locator("#space-forget")).to_be_hidden()


def test_of_rows_of_a_file_nothing_is_offered_that_films_alone_have(space: Page, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    np.savez(path, features=np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32))
    of_films = [
        space.locator(part)
        for part in ("#space-points", "#space-path", "#space-picture", "#space-map [data-drag=here]")
    ]
    for part in of_films:
        expect(part).to_be_visible()
    space.set_input_files("#space-file input[type=file]", path)
    expect(space.locator("#space-text")).to_contain_text("40 rows")
    for part in of_films:
        expect(part).to_be_hidden()
    space.select_option("#space-films select", "this")
    for part in of_films:
        expect(part).to_be_visible()
    expect(space.locator("#space-points select")).to_have_value("frame")


def test_what_is_chosen_on_the_map_of_one_model_is_chosen_on_that_of_the_other(space: Page) -> None:
    space.select_option("#pair-other select", "toyworld-video")
    space.wait_for_function("location.search.includes('other=toyworld-video')", timeout=PATIENCE_MS)
    space.click("#ask-pair")
    expect(space.locator("#pair-text")).to_contain_text("The two models agree on")
    space.wait_for_selector("#pair-map[data-drawn], #pair-map [data-drawn]", timeout=PATIENCE_MS)
    space.locator("#pair-most button").first.click()
    expect(space.locator("#pair-near ol")).to_have_count(2)
    # The point and what is nearest to it, on both maps.
    rings = space.locator("#pair-map .space-lit > div")
    assert rings.count() % 2 == 0
    assert rings.count() >= 14
    draw_box(space, "#pair-map", (12, 66), 0.42, 12)
    expect(space.locator("#pair-map .space-chosen")).to_be_visible()
    space.wait_for_timeout(500)
    chosen = space.evaluate(
        "() => document.querySelector('#pair-map .plot').data.map(({ selectedpoints }) => selectedpoints.join())"
    )
    assert len(chosen) == 2
    assert chosen[0] == chosen[1] != ""
