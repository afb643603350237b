"""One thing changed, in a real browser: edits are read, corrected and taken away, a film is watched, ranks are seen."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.reports import assert_buttons_hide_nothing

PATIENCE_MS = 180_000


def test_a_sentence_and_its_video_are_changed(
    page: Page, server_url: str, complaints: list[str], tmp_path: Path
) -> None:
    page.goto(f"{server_url}?video=toy-test-72-000&q=a+white+cross&q=a+cyan+circle&tab=whatif")
    edits = page.locator("#whatif-sentences ol.edits")
    expect(edits).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#whatif-text")).to_contain_text("cannot know whether the video is played backwards")
    expect(page.locator("#whatif-film-ranks .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
    n_edits = edits.locator("li[class]:not(.group)").count()

    page.fill("#whatif-own textarea, #whatif-own input", "a white ring")
    page.keyboard.press("Enter")
    own = edits.locator("li", has_text="own")
    expect(own).to_have_count(1, timeout=PATIENCE_MS)
    own.locator("[data-open^=correct]").click()
    field = page.locator("#whatif-own :is(textarea, input)")
    expect(field).to_have_value("a white ring", timeout=PATIENCE_MS)
    expect(field).to_be_focused()
    expect(page.locator("#whatif-own-said")).to_contain_text("takes the place of “a white ring”")
    field.fill("a white star")
    page.keyboard.press("Enter")
    expect(own).to_contain_text("star", timeout=PATIENCE_MS)
    expect(own).to_have_count(1)
    expect(page.locator("#whatif-own-said")).to_be_empty()
    own.locator("[data-open^=drop]").click()
    expect(edits.locator("li[class]:not(.group)")).to_have_count(n_edits, timeout=PATIENCE_MS)

    page.click("#whatif-films li:has-text('played backwards') [data-pick^=watch]")
    film = page.locator("#whatif-watch video")
    expect(film).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_function("document.querySelector('#whatif-watch video').videoWidth === 256", timeout=PATIENCE_MS)
    page.click("#whatif-films li:has-text('cut off by another') > button")
    expect(page.locator("#whatif-ranks-text")).to_contain_text("cut off by another video", timeout=PATIENCE_MS)

    with page.expect_download(timeout=PATIENCE_MS) as taken:
        page.click("#export .take-open")
        page.click("#export [data-take=html]")
    path = tmp_path / "report.html"  # by its name the browser knows that it is a page
    taken.value.save_as(path)
    report = page.context.new_page()
    report.goto(path.as_uri())
    assert_buttons_hide_nothing(report)
    report.close()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})

    page.click("#whatif-sentences li:has-text('green') [data-open^=who]")
    expect(page.locator("#queries li textarea").last).to_have_value("a green cross", timeout=PATIENCE_MS)
    expect(page.locator("#words")).to_contain_text("green", timeout=PATIENCE_MS)
    page.get_by_role("tab", name="What if").click()
    page.click("#whatif-sentences [data-open^=back]")
    expect(edits.locator("li.own")).to_contain_text("a white cross", timeout=PATIENCE_MS)
    page.click("#whatif-sentences li:has-text('green') [data-open^=where]")
    expect(page.locator("#look-text")).to_contain_text("a green cross", timeout=PATIENCE_MS)
    assert complaints == []
