"""What can be read from a space, in a real browser: clips are chosen, a file is brought, and the figure is drawn."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.reports import assert_buttons_hide_nothing

PATIENCE_MS = 180_000
TITLES = (
    "Toy world 1: shapes on a plain ground",
    "Toy world 2: shapes on grain",
    "Toy world 3: shapes on stripes",
)


def test_a_file_of_labels_is_examined_and_drawn(
    page: Page, server_url: str, complaints: list[str], tmp_path: Path
) -> None:
    rows = [
        {"vid": title, "start_s": at, "end_s": at + 5, "labels": {"half": half}, "caption": f"the {half} of it"}
        for title in TITLES
        for at, half in ((0, "start"), (15, "middle"))
    ]
    path = tmp_path / "halves.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page.goto(f"{server_url}?video=toy-test-72-000&q=a+white+cross&tab=space&map=pca")
    page.wait_for_selector("#space-groups .groups", timeout=PATIENCE_MS)
    expect(page.locator("#examine-figure .main-svg")).to_have_count(0)
    page.select_option("#examine-clips select", "file")
    page.set_input_files("#examine-file input[type=file]", path)
    said = page.locator("#examine-file-text")
    expect(said).to_have_text("halves.jsonl: 6 clips of 3 videos.", timeout=PATIENCE_MS)
    page.click("#ask-examine")
    expect(page.locator("#examine-figure .plot .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#examine-text")).to_contain_text("6 clips of 3 videos: “half” is")
    expect(page.locator("table.examined tr")).to_have_count(3)
    with page.expect_download(timeout=PATIENCE_MS) as taken:
        page.click("#export .take-open")
        page.click("#export [data-take=html]")
    path = tmp_path / "report.html"  # by its name the browser knows that it is a page
    taken.value.save_as(path)
    assert "“half” is" in path.read_text()
    report = page.context.new_page()
    report.goto(path.as_uri())
    assert_buttons_hide_nothing(report)
    report.close()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.select_option("#examine-clips select", "moments")
    expect(page.locator("#examine-text")).to_be_hidden(timeout=PATIENCE_MS)
    expect(page.locator("#examine-file")).to_be_hidden()
    assert "clips=moments" in page.evaluate("location.search")
    assert complaints == []
