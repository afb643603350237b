"""The page for everybody: what shuts people out is looked for on every tab, as it stands once much was asked of it.

One page serves all tests of this file, since what is on it takes long to compute. Nothing hangs on their order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PATIENCE_MS
from tests.browser.contrast import Seen, contrast, texts_seen
from tests.browser.visitor import returning_visitor

TABS = ("Moments", "Who made it", "Where it looked", "Space", "What if", "About")
THEMES = ("light", "dark")
LEAST_TARGET_PX, LEAST_PARTS = 24, 3.0
"""Size of what is clicked, and contrast of what a control is known by. Source: WCAG 2.2, 2.5.8 and 1.4.11."""

_OFF_SCREEN = """() => {
  const clips = (style) => ['auto', 'scroll', 'hidden', 'clip'].includes(style.overflowX);
  const isHeld = (element) => {
    for (let each = element.parentElement; each && !each.matches('.gradio-container'); each = each.parentElement)
      if (clips(getComputedStyle(each))) return true;
    return false;
  };
  return [...document.querySelectorAll('.gradio-container *')]
    .filter((element) => element.checkVisibility() && !isHeld(element))
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map((element) => element.outerHTML.slice(0, 120));
}"""
_SMALL_TARGETS = """(least) => [...document.querySelectorAll('button, a[href], input, select, textarea, summary')]
  .filter((element) => element.checkVisibility({visibilityProperty: true}) && !element.closest('[aria-hidden=true]'))
  .filter((element) => !element.matches('.skip'))
  .map((element) => [element, (element.closest('label') || element).getBoundingClientRect()])
  .filter(([, {width, height}]) => width && height && (width < least || height < least))
  .map(([element, {width, height}]) => `${element.outerHTML.slice(0, 120)} ${width} x ${height}`)"""
_UNTOLD_PICTURES = """() => {
  const isTold = (plot) => document.getElementById(plot.getAttribute('aria-describedby'))?.textContent.trim();
  const isNamed = (plot) => plot.getAttribute('role') === 'img' && plot.getAttribute('aria-label');
  return [...document.querySelectorAll('.plot')].filter((plot) => plot.checkVisibility())
    .filter((plot) => !isNamed(plot) || !isTold(plot)).map((plot) => plot.outerHTML.slice(0, 160));
}"""
_FOCUSED = """() => {
  const at = document.activeElement;
  const box = at.getBoundingClientRect();
  // What is seen of a field for files is its label.
  const style = getComputedStyle(at.type === 'file' ? at.closest('label') : at);
  at.dataset.visited = '';
  return {
    name: at.outerHTML.slice(0, 120), isPage: at === document.body, outline_px: parseFloat(style.outlineWidth),
    outline: style.outlineStyle, colour: style.outlineColor, isSeen: at.checkVisibility({visibilityProperty: true}),
    isInSight: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""
_UNVISITED = """(within) => [...document.querySelectorAll(
    'a[href], button, input, select, summary, textarea, [tabindex="0"]')]
  .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.tabIndex >= 0 && !one.disabled)
  .filter((one) => one.closest(within))
  .filter((one) => !('visited' in one.dataset)).map((one) => one.outerHTML.slice(0, 120))"""
_CONTROL_EDGES = """() => [...document.querySelectorAll('input, textarea, select')]
  .filter((one) => !['checkbox', 'radio', 'range', 'file'].includes(one.type) && one.checkVisibility())
  .map((one) => {
    const edged = parseFloat(getComputedStyle(one).borderBottomWidth) ? one : one.closest('li') || one;
    return [one.outerHTML.slice(0, 100), getComputedStyle(edged).borderBottomColor,
      getComputedStyle(document.body).backgroundColor];
  })"""


@pytest.fixture(scope="module")
def whole(browser: Browser, server_url: str) -> Iterator[Page]:
    """Yield a page of which every instrument was asked all that takes seconds."""
    context = returning_visitor(browser, viewport=DESKTOP)
    context.set_default_timeout(2 * PATIENCE_MS)
    page = context.new_page()

    def drawn(part: str) -> None:
        page.locator(part).first.wait_for(state="attached")

    # Principal components, since the other map takes longer than all the rest.
    page.goto(f"{server_url}?video=toy-test-72-000&q=a+white+cross&q=a+cyan+circle&map=pca")
    drawn("#timeline [data-ready=true]")
    show(page, "Who made it")
    drawn("#cells .plot .heatmaplayer image")
    page.locator("#ask-patches").click()
    drawn("#patches .plot .main-svg")
    show(page, "Where it looked")
    drawn("#look-picture .plot .main-svg")
    page.locator("#ask-test").click()
    drawn("#curves .plot .main-svg")
    show(page, "Space")
    page.locator("#space-map [data-drawn]").wait_for(state="attached")
    page.locator("#space-groups [data-pick]").first.click()
    drawn("#space-near .near")
    show(page, "What if")
    drawn("#whatif-sentences .edits")
    page.locator("#whatif-films [data-pick^=watch]").first.click()
    drawn("#whatif-watch video")
    # In a picture of the whole page it would lie over what it stands beside.
    page.add_style_tag(content="#whatif-watch { position: static !important }")
    yield page
    context.close()


@pytest.fixture(scope="module", params=TABS)
def on_tab(request: pytest.FixtureRequest, whole: Page) -> Page:
    """Return the page with one tab open, all that is folded away unfolded; the tests take the tabs one by one."""
    show(whole, request.param)
    whole.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    whole.evaluate("for (const fold of document.querySelectorAll('.label-wrap:not(.open)')) fold.click()")
    whole.wait_for_timeout(300)
    return whole


def show(page: Page, tab: str) -> None:
    page.get_by_role("tab", name=tab, exact=True).click()
    expect(page.get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")


def violations(page: Page) -> list[str]:
    """Return what shuts people out by the rules of axe-core, but for contrast, which is measured on the screen."""
    rules = {"color-contrast": {"enabled": False}, "target-size": {"enabled": True}}
    found = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules}).response["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]


def unread(page: Page, theme: str) -> list[Seen]:
    """Return the texts that cannot be read in a theme, once figures were drawn anew in its colours."""
    page.evaluate("(isDark) => document.body.classList.toggle('dark', isDark)", theme == "dark")
    found: list[Seen] = []
    for _ in range(10):
        page.wait_for_timeout(300)
        texts = texts_seen(page)
        assert len(texts) > 50
        found = [seen for seen in texts if seen.ratio < seen.least]
        if not found:
            break
    return found


def test_nothing_shuts_out_who_hears_the_page(on_tab: Page) -> None:
    assert violations(on_tab) == []
    assert on_tab.evaluate(_UNTOLD_PICTURES) == []


def test_nothing_is_wider_than_a_phone_or_too_small_for_a_finger(on_tab: Page) -> None:
    try:
        for width_px in (360, 390):
            on_tab.set_viewport_size({"width": width_px, "height": 844})
            on_tab.wait_for_timeout(300)
            assert on_tab.evaluate("document.documentElement.scrollWidth") <= width_px
            assert on_tab.evaluate(_OFF_SCREEN) == []
            assert on_tab.evaluate(_SMALL_TARGETS, LEAST_TARGET_PX) == []
    finally:
        on_tab.set_viewport_size(DESKTOP)


def test_all_texts_can_be_read_and_fields_are_seen_to_be_fields(on_tab: Page) -> None:
    for theme in THEMES:
        assert unread(on_tab, theme) == []
        edges = on_tab.evaluate(_CONTROL_EDGES)
        assert len(edges) > 5
        assert [name for name, edge, ground in edges if contrast(rgb(edge), rgb(ground)) < LEAST_PARTS] == []


def test_keys_reach_everything_visibly_and_leave_everything(on_tab: Page) -> None:
    is_first = on_tab.get_by_role("tab", selected=True).inner_text() == TABS[0]
    on_tab.evaluate("for (const one of document.querySelectorAll('[data-visited]')) delete one.dataset.visited")
    # All of the page once, and then what is on each tab.
    start = on_tab.locator(".skip") if is_first else on_tab.get_by_role("tab", selected=True)
    start.evaluate("one => { one.focus(); one.dataset.visited = '' }")
    ground = on_tab.evaluate("getComputedStyle(document.body).backgroundColor")
    for _ in range(400):
        on_tab.keyboard.press("Tab")
        focused = on_tab.evaluate(_FOCUSED)
        if focused["isPage"]:
            break
        assert focused["isSeen"], focused
        assert focused["isInSight"], focused
        if not focused["name"].startswith("<video"):  # the browser marks which of its own buttons has it
            assert focused["outline"] != "none", focused
            assert focused["outline_px"] >= 2, focused
            assert contrast(rgb(focused["colour"]), rgb(ground)) >= LEAST_PARTS, focused
    else:
        pytest.fail("the focus never came to the end of the page")
    assert on_tab.evaluate(_UNVISITED, "body" if is_first else "#instruments [role=tabpanel]") == []


def test_headings_and_tabs_say_what_they_are_of(whole: Page) -> None:
    show(whole, "Moments")
    assert whole.locator("h1").count() == 1
    assert whole.locator("main h2:visible, main h2.unseen").all_text_contents() == ["Sentences", "Answers"]
    expect(whole.locator("#tab-moments")).to_have_attribute("role", "tabpanel")
    expect(whole.get_by_role("tab", name="Moments")).to_have_attribute("aria-controls", "tab-moments")


def test_what_is_paler_since_it_is_of_an_earlier_question_can_still_be_read(whole: Page) -> None:
    field = whole.locator("#parameter-fps input")
    field.fill("0")
    field.press("Enter")
    expect(whole.locator("#notice .stale")).to_be_visible()
    found = {theme: unread(whole, theme) for theme in THEMES}
    field.fill("2")
    field.press("Enter")
    expect(whole.locator("#notice .notice")).to_have_count(0)
    assert found == {"light": [], "dark": []}


def rgb(colour: str) -> np.ndarray:
    """Return the levels of a colour as the browser computes it, ``rgb(1, 2, 3)``."""
    return np.array([float(level) for level in colour[colour.index("(") + 1 : -1].split(",")[:3]])
