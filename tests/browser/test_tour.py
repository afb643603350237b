"""The tour of a first visit, and the help that it can be had from again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PATIENCE_MS
from tests.browser.test_page import READY, notice

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def newcomer(browser: Browser) -> Iterator[Page]:
    """Yield the empty page of somebody who was never here."""
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def arrive(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_selector(READY, state="attached")
    return page


def press(page: Page, act: str) -> None:
    page.locator(f"#tour [data-tour={act}]").click()


def marked(page: Page) -> list[dict[str, float]]:
    """Return the boxes of what the tour points at."""
    boxes = "all => all.map(one => { const {x, y, width, height} = one.getBoundingClientRect(); "
    return page.locator("[data-toured]").evaluate_all(boxes + "return {x, y, width, height}; })")


def test_the_first_visit_is_led_from_the_video_to_how_sure_an_answer_is_and_only_once(
    newcomer: Page, server_url: str
) -> None:
    newcomer.emulate_media(reduced_motion="reduce")
    arrive(newcomer, server_url)
    steps = newcomer.locator("#tour section")
    n_steps = steps.count()
    assert n_steps <= 5
    for number in range(n_steps):
        expect(steps.nth(number)).to_be_visible()
        expect(newcomer.locator("#tour section:visible")).to_have_count(1)
        card = newcomer.locator("#tour").bounding_box()
        places = marked(newcomer)
        assert places
        for place in places:  # what it tells of is in sight, and not behind the card
            assert place["y"] < DESKTOP["height"]
            is_beside = place["x"] + place["width"] <= card["x"] or card["x"] + card["width"] <= place["x"]
            is_over = place["y"] + place["height"] <= card["y"] or card["y"] + card["height"] <= place["y"]
            assert is_beside or is_over
        if number:  # the first was said before the first answer was
            expect(newcomer.locator("#spoken")).to_contain_text(steps.nth(number).locator("h2").inner_text())
        press(newcomer, "next")
    expect(newcomer.locator("#tour")).to_be_hidden()
    expect(newcomer.locator("[data-toured]")).to_have_count(0)
    arrive(newcomer, server_url)
    newcomer.wait_for_timeout(500)
    expect(newcomer.locator("#tour")).to_be_hidden()
    expect(newcomer.locator("#tour-hint")).to_be_hidden()


def test_the_page_is_used_as_ever_beside_the_tour(newcomer: Page, server_url: str) -> None:
    arrive(newcomer, server_url)
    expect(newcomer.locator("#tour")).to_be_visible()
    assert newcomer.evaluate("document.activeElement === document.body")  # nobody's focus was taken
    entry = newcomer.locator("input[name=new-query]")
    entry.fill("a red")
    entry.press("Escape")  # of somebody who is typing
    expect(newcomer.locator("#tour")).to_be_visible()
    entry.press("Enter")
    expect(newcomer.locator("#queries li")).to_have_count(3)
    newcomer.locator(".answer .moment").first.click()
    expect(notice(newcomer)).to_have_count(0)
    expect(newcomer.locator("#tour")).to_be_visible()
    newcomer.keyboard.press("Escape")
    expect(newcomer.locator("#tour")).to_be_hidden()


def test_the_help_has_it_again_by_keys_alone(page: Page, server_url: str) -> None:
    arrive(page, server_url)
    expect(page.locator("#tour")).to_be_hidden()
    opener = page.get_by_role("button", name="Help")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    page.keyboard.press("Enter")  # the first thing in it
    expect(page.locator("#tour")).to_be_visible()
    expect(page.locator("#tour [data-tour=next]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#tour section:visible small")).to_have_text("2 of 5")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # back to the first, where there is no way back
    expect(page.locator("#tour section:visible small")).to_have_text("1 of 5")
    expect(page.locator("#tour [data-tour=next]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#tour")).to_be_hidden()
    expect(opener).to_be_focused()


def test_who_comes_with_a_question_gets_a_hint_only(newcomer: Page, server_url: str) -> None:
    arrive(newcomer, f"{server_url}?q=a+red+circle")
    hint = newcomer.get_by_role("button", name="New here?")
    expect(hint).to_be_visible()
    expect(newcomer.locator("#tour")).to_be_hidden()
    hint.click()
    expect(newcomer.locator("#tour")).to_be_visible()
    expect(hint).to_be_hidden()
    press(newcomer, "end")
    newcomer.reload()
    newcomer.wait_for_selector(READY, state="attached")
    expect(hint).to_be_hidden()


def test_on_a_phone_it_lies_below_what_it_tells_of(newcomer: Page, server_url: str) -> None:
    newcomer.set_viewport_size(PHONE)
    newcomer.emulate_media(reduced_motion="reduce")
    arrive(newcomer, server_url)
    for _ in range(5):
        for width_px in (360, 390):
            newcomer.set_viewport_size({"width": width_px, "height": PHONE["height"]})
            card = newcomer.locator("#tour").bounding_box()
            assert (card["x"], card["width"]) == (0, width_px)
            assert card["y"] + card["height"] == pytest.approx(PHONE["height"], abs=1)
            assert newcomer.evaluate("document.documentElement.scrollWidth") <= width_px
        first = marked(newcomer)[0]
        assert 0 <= first["y"] <= card["y"] - 32
        press(newcomer, "next")
    expect(newcomer.locator("#tour")).to_be_hidden()


def test_nothing_glides_for_who_wants_no_motion(newcomer: Page, server_url: str) -> None:
    newcomer.set_viewport_size(PHONE)
    arrive(newcomer, server_url)
    newcomer.evaluate("() => { Element.prototype.scrollIntoView = function(how) { window.moved = how?.behavior } }")
    for wish, way in (("reduce", "instant"), ("no-preference", "smooth")):
        newcomer.emulate_media(reduced_motion=wish)
        newcomer.evaluate("scrollTo(0, 1e6)")
        press(newcomer, "next")
        assert newcomer.evaluate("window.moved") == way
