"""What is on the screen is taken away, in a real browser: every format is pressed, and what arrives is read."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.reports import assert_buttons_hide_nothing

PATIENCE_MS = 180_000
ASKED = "video=toy-test-72-000&q=a+white+cross&q=a+cyan+circle&map=pca"
COMMAND = (
    ".venv/bin/python -m workbench ground toy-test-72-000 --query 'a white cross' --query 'a cyan circle' "
    "--model toyworld-frame"
)
TITLE_PX = 28
"""What is written above a figure: what it is of."""


@pytest.fixture
def bench(page: Page, server_url: str) -> Page:
    """Return the page with its answer."""
    page.goto(f"{server_url}?{ASKED}")
    page.locator("#timeline [data-ready='true']").wait_for(state="attached", timeout=PATIENCE_MS)
    page.locator("#map .plot .main-svg").first.wait_for(timeout=PATIENCE_MS)
    return page


def taken(bench: Page, format_: str, figure: str = "") -> Path:
    """Return the file that arrives once a format was pressed, under the name that it has."""
    bench.locator("#export .take-open").click()
    if figure:
        bench.select_option("#export select", figure)
    with bench.expect_download(timeout=PATIENCE_MS) as waiting:
        bench.locator(f"#export [data-take={format_}]").click()
    expect(bench.locator("#export .take-menu")).to_be_hidden()
    expect(bench.locator("#export .take-said")).to_be_empty(timeout=PATIENCE_MS)
    path = Path(waiting.value.path())
    return path.rename(path.with_name(waiting.value.suggested_filename))


def assert_says_how_it_was_made(made: dict) -> None:
    assert (made["analysis"], made["model_id"], made["command"]) == ("ground", "toyworld-frame", COMMAND)
    assert made["parameters"]["queries"] == ["a white cross", "a cyan circle"]
    assert len(made["video_id"]) == 64
    assert {"model_revision", "seed", "versions"} <= made.keys()


def test_every_format_arrives_and_says_how_it_was_made(bench: Page, complaints: list[str]) -> None:
    answer = json.loads(taken(bench, "json").read_text(encoding="utf-8"))
    assert_says_how_it_was_made(answer["provenance"])

    path = taken(bench, "csv")
    assert path.name == "ground-Toy-world-1-shapes-on-a-plain-ground-toyworld-frame.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    assert f"# command: {COMMAND}" in lines
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    curve = [float(row["saliency"]) for row in rows if row["table"] == "saliency" and row["query"] == "a white cross"]
    assert curve == answer["saliency"][0]

    with np.load(taken(bench, "npz"), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["saliency"], np.array(answer["saliency"], np.float32))
        assert_says_how_it_was_made(json.loads(arrays["provenance"][0]))

    path = taken(bench, "png", "timeline")
    assert path.name.startswith("timeline-Toy-world-1")
    with Image.open(path) as picture:
        box = bench.locator("#timeline .plot").bounding_box()
        assert picture.size == (round(box["width"]) * 2, (round(box["height"]) + TITLE_PX) * 2)
        assert len(picture.convert("RGB").getcolors(2**24)) > 100, "the heat rows are in it"
        assert_says_how_it_was_made(json.loads(picture.text["provenance"])[0])

    root = ElementTree.parse(taken(bench, "svg", "map")).getroot()
    assert_says_how_it_was_made(json.loads(root.find("{http://www.w3.org/2000/svg}metadata").text)[0])
    assert "start" in "".join(root.itertext())
    assert "127.0.0.1" not in ElementTree.tostring(root, encoding="unicode"), "nothing in it is of an address"
    assert complaints == []


def test_the_report_needs_no_network(bench: Page, browser: Browser) -> None:
    path = taken(bench, "html")
    context = browser.new_context(offline=True)
    report, asked = context.new_page(), []
    report.on("request", lambda request: asked.append(request.url))
    report.goto(path.as_uri())
    expect(report.locator(".plotly .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert_buttons_hide_nothing(report)
    expect(report.locator("pre")).to_have_text(COMMAND)
    assert_says_how_it_was_made(json.loads(report.locator("script#provenance").text_content())[0])
    context.close()


def test_other_instruments_are_taken_away_by_the_same_button(bench: Page) -> None:
    bench.get_by_role("tab", name="Space").click()
    bench.locator("#space-groups .groups li").first.wait_for(timeout=PATIENCE_MS)
    lines = taken(bench, "csv").read_text(encoding="utf-8").splitlines()
    assert any("embed toy-test-72-000" in line and "--reducer pca" in line for line in lines)
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert sum(row["kind"] == "frame" for row in rows) == 51
    with Image.open(taken(bench, "png", "space-map")) as picture:
        assert json.loads(picture.text["provenance"])[0]["analysis"] == "embed"
        assert len(picture.convert("RGB").getcolors(2**24)) > 50, "the points are in it"
    bench.locator("#export .take-open").click()
    offered = bench.locator("#export option").evaluate_all("all => all.map(({ value }) => value)")
    assert "space-gap-picture" in offered
    assert not {"map", "null", "cells"} & set(offered), "what is not in sight is not offered"


def test_the_panel_says_the_very_command(bench: Page) -> None:
    bench.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bench.get_by_role("button", name="Reproduce").click()
    panel = bench.get_by_role("dialog", name="To make this again")
    expect(panel).to_be_visible(timeout=PATIENCE_MS)
    expect(panel.locator("[data-of=command]")).to_have_text(COMMAND)
    copy = panel.get_by_role("button", name="Copy: Command line")
    label = copy.text_content()
    copy.dblclick()  # the second while the first is told
    expect(copy).to_have_text("Copied")
    expect(copy).to_have_text(label)
    assert bench.evaluate("navigator.clipboard.readText()") == COMMAND
    panel.get_by_role("button", name="Copy: Python").click()
    python = bench.evaluate("navigator.clipboard.readText()")
    assert 'bench.ground("toy-test-72-000", ["a white cross", "a cyan circle"], model="toyworld-frame")' in python
    compile(python, "again.py", "exec")
    assert shlex.split(COMMAND)[3] == "ground"
    bench.keyboard.press(" ")  # no film is played from here
    assert bench.evaluate("document.querySelector('#film video').paused")
    bench.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_keys_and_a_phone_reach_the_menu(bench: Page) -> None:
    bench.set_viewport_size({"width": 390, "height": 844})
    button = bench.get_by_role("button", name="Download", exact=True)
    button.focus()
    bench.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    menu = bench.get_by_role("group", name="Download")
    box = menu.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    bench.keyboard.press("Tab")
    assert re.match("JSON", bench.evaluate("document.activeElement.innerText"))
    bench.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    bench.locator("#masthead h1").click()
    expect(menu).to_be_hidden()
    bench.get_by_role("button", name="Reproduce").click()
    panel = bench.get_by_role("dialog", name="To make this again")
    expect(panel).to_be_visible(timeout=PATIENCE_MS)
    assert bench.evaluate("document.documentElement.scrollWidth") <= 390
    assert panel.evaluate("one => one.scrollWidth <= one.clientWidth")
