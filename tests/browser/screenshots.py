"""Takes the README's pictures of the running page: ``python -m tests.browser.screenshots``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.serve import ROOT, serve

FOLDER = ROOT / "assets" / "screenshots"
SIZES_PX = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
READY = "[data-ready='true']"
FILMS_SHOWN = "[...document.querySelectorAll('video')].every(video => video.readyState >= 2)"
PATIENCE_MS = 120_000


def main() -> None:
    """Write one picture a size and theme into ``assets/screenshots``, and one a theme of each of two instruments."""
    executable = chromium.find()
    if executable is None:
        raise SystemExit(chromium.MISSING)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        for size, (width_px, height_px) in SIZES_PX.items():
            for theme in ("light", "dark"):
                context = browser.new_context(viewport={"width": width_px, "height": height_px}, color_scheme=theme)
                page = context.new_page()
                page.goto(f"{url}?__theme={theme}")
                page.locator(READY).first.wait_for(state="attached", timeout=PATIENCE_MS)
                page.wait_for_function(FILMS_SHOWN, timeout=PATIENCE_MS)
                page.screenshot(path=FOLDER / f"{size}-{theme}.png", full_page=size != "desktop")
                print(FOLDER / f"{size}-{theme}.png")
                context.close()
        for theme in ("light", "dark"):
            page = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme).new_page()
            page.goto(f"{url}?__theme={theme}&video=toy-test-72-002&q=a+red+circle&q=a+purple+star&tab=who")
            page.locator("#values [data-ready='true']").wait_for(state="attached", timeout=PATIENCE_MS)
            page.locator("#cells .plot .heatmaplayer image").wait_for(state="attached", timeout=PATIENCE_MS)
            page.wait_for_function(FILMS_SHOWN, timeout=PATIENCE_MS)
            page.locator("#ask-patches").click()
            page.locator("#patches .plot .main-svg").first.wait_for(state="attached", timeout=PATIENCE_MS)
            page.screenshot(path=FOLDER / f"who-{theme}.png", full_page=True)
            print(FOLDER / f"who-{theme}.png")
            page.get_by_role("tab", name="Where it looked").click()
            page.locator("#look-picture .plot .main-svg").first.wait_for(state="attached", timeout=PATIENCE_MS)
            page.locator("#ask-test").click()
            page.locator("#curves .plot .main-svg").first.wait_for(state="attached", timeout=PATIENCE_MS)
            page.locator("#ask-compare").click()
            page.locator("#agreement .plot .main-svg").first.wait_for(state="attached", timeout=PATIENCE_MS)
            page.screenshot(path=FOLDER / f"look-{theme}.png", full_page=True)
            print(FOLDER / f"look-{theme}.png")
        browser.close()


if __name__ == "__main__":
    main()
