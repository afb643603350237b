"""Takes the README's pictures of the running page: ``python -m tests.browser.screenshots``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.test_lessons import PROGRAM as LESSONS
from tests.browser.visitor import returning_visitor
from tests.serve import ROOT, serve

FOLDER = ROOT / "assets" / "screenshots"
SIZES_PX = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
READY = "[data-ready='true']"
FILMS_SHOWN = "[...document.querySelectorAll('video')].every(video => video.readyState >= 2)"
PICTURES_SHOWN = "[...document.querySelectorAll('.point img')].every(image => image.complete)"
PATIENCE_MS = 240_000


def main() -> None:
    """Write one picture a size and theme into ``assets/screenshots``, and of each instrument and a lesson."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.MISSING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        for size, (width_px, height_px) in SIZES_PX.items():
            for theme in ("light", "dark"):
                size_px = {"width": width_px, "height": height_px}
                context = returning_visitor(browser, viewport=size_px, color_scheme=theme)
                page = context.new_page()
                page.goto(f"{url}?__theme={theme}")
                page.locator(READY).first.wait_for(state="attached", timeout=PATIENCE_MS)
                page.wait_for_function(FILMS_SHOWN, timeout=PATIENCE_MS)
                page.screenshot(path=FOLDER / f"{size}-{theme}.png", full_page=size != "desktop")
                print(FOLDER / f"{size}-{theme}.png")
                context.close()
        for size in ("desktop", "phone"):
            for theme in ("light", "dark"):
                _take_instruments(browser, url, size, theme)
        browser.close()
    with tempfile.TemporaryDirectory() as home, serve(Path(home), LESSONS) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        _take_lesson(browser, url)
        browser.close()


def _take_lesson(browser: Browser, url: str) -> None:
    """Write a picture of the lesson in which values are worked out by hand, once its answer is shown."""
    context = browser.new_context(viewport={"width": 1280, "height": 1850}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{url}lesson-3")
    page.get_by_test_id("stRadio").last.locator("label:has(input)").nth(1).click(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Show the answer").click(timeout=PATIENCE_MS)
    page.get_by_text("To take home.").wait_for(timeout=PATIENCE_MS)
    page.locator(".js-plotly-plot .bars path").first.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1_000)  # what has just come is faded in
    page.screenshot(path=FOLDER / "lesson-light.png")
    print(FOLDER / "lesson-light.png")
    context.close()


def _take_instruments(browser: Browser, url: str, size: str, theme: str) -> None:
    """Write one picture of each instrument, as it stands once all of it was asked for."""
    width_px, height_px = SIZES_PX[size]
    context = returning_visitor(browser, viewport={"width": width_px, "height": height_px}, color_scheme=theme)
    page = context.new_page()

    def drawn(part: str) -> None:
        page.locator(part).first.wait_for(state="attached", timeout=PATIENCE_MS)

    def take(name: str) -> None:
        path = FOLDER / f"{name}{'' if size == 'desktop' else f'-{size}'}-{theme}.png"
        page.screenshot(path=path, full_page=True)
        print(path)

    page.goto(f"{url}?__theme={theme}&video=toy-test-72-002&q=a+red+circle&q=a+purple+star&tab=who")
    drawn("#values [data-ready='true']")
    drawn("#cells .plot .heatmaplayer image")
    page.wait_for_function(FILMS_SHOWN, timeout=PATIENCE_MS)
    page.locator("#ask-patches").click()
    drawn("#patches .plot .main-svg")
    take("who")
    page.get_by_role("tab", name="Where it looked").click()
    drawn("#look-picture .plot .main-svg")
    page.locator("#ask-test").click()
    drawn("#curves .plot .main-svg")
    page.locator("#ask-compare").click()
    drawn("#agreement .plot .main-svg")
    take("look")
    page.get_by_role("tab", name="Space").click()
    page.locator("#space-films select").select_option("all")
    # Whatever was shown before, groups of all films are many.
    drawn("#space-groups .groups li:nth-child(12)")
    page.locator("#space-groups [data-pick]").first.click()
    drawn("#space-near .near")
    page.locator("#pair-other select").select_option("toyworld-video")
    page.wait_for_function("location.search.includes('other=toyworld-video')", timeout=PATIENCE_MS)
    page.locator("#ask-pair").click()
    drawn("#pair-most .near")
    page.locator("#pair-most [data-pick]").first.click()
    drawn("#pair-near .near")
    page.locator("#ask-examine").click()
    drawn("#examine-figure .plot .main-svg")
    page.wait_for_function(PICTURES_SHOWN, timeout=PATIENCE_MS)
    take("space")
    page.get_by_role("tab", name="What if").click()
    drawn("#whatif-sentences .edit-models")
    page.locator("#ask-toy").click()
    drawn("#many-figure .plot .main-svg")
    page.locator("#whatif-films [data-pick^=watch]").first.click()
    drawn("#whatif-watch video")
    page.wait_for_function(FILMS_SHOWN, timeout=PATIENCE_MS)
    take("whatif")
    context.close()


if __name__ == "__main__":
    main()
