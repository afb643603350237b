"""The page by keys alone, what a screen reader is told meanwhile, and the tabs that are beside a phone's screen."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.test_page import add_sentence, duration_of, sentences, time_of, visit, wait_for_time

PHONE = {"width": 390, "height": 844}


def test_from_the_first_key_to_the_answers_and_another_sentence(page: Page, server_url: str) -> None:
    visit(page, server_url)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the answers")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["width"] > 100  # seen once it has the focus
    page.keyboard.press("Enter")
    expect(page.locator("#answers")).to_be_focused()
    assert page.url.startswith(server_url)
    second = sentences(page)[1]
    page.keyboard.press("Tab")
    while not page.evaluate("(text) => document.activeElement.textContent === text", second):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".answer.is-current h3")).to_have_text(second)
    expect(page.locator(".answer[aria-current]")).to_have_count(1)
    expect(page.locator("#map-text h3")).to_contain_text(second)


def test_spans_moments_and_tabs(page: Page, server_url: str) -> None:
    visit(page, server_url)
    duration_s = duration_of(page)
    page.evaluate("workbench.seek(5)")
    page.keyboard.press("i")
    page.wait_for_url("**span=5-*")
    page.evaluate("workbench.seek(9)")
    page.keyboard.press("O")  # with the lock of capitals on
    page.wait_for_url("**span=5-9*")
    expect(page.locator("#span")).to_contain_text("outside")
    page.evaluate("workbench.seek(2)")
    page.keyboard.press("o")  # the beginning lies behind it: from where the film begins
    page.wait_for_url("**span=0-2*")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "span=" not in url)
    assert duration_s > 9

    moments, who, about = (
        page.get_by_role("tab", name=name, exact=True) for name in ("Moments", "Who made it", "About")
    )
    moments.focus()
    before_s = time_of(page)
    page.keyboard.press("ArrowLeft")
    expect(about).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(who).to_be_focused()
    expect(moments).to_have_attribute("aria-selected", "true")  # none is opened on the way
    assert time_of(page) == before_s  # nor is a frame stepped
    page.keyboard.press("Enter")
    expect(who).to_have_attribute("aria-selected", "true")


def test_single_keys_can_be_switched_off_for_good(page: Page, server_url: str) -> None:
    visit(page, server_url)
    start_s = time_of(page)
    page.keyboard.press("?")
    page.get_by_label("Keys of one letter, digit or sign").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    visit(page, page.url)
    start_s = time_of(page)
    page.evaluate("workbench.seek(1)")
    wait_for_time(page, 1, within_s=0.05)
    for key in ("1", "/", "?", "i"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert time_of(page) == 1
    assert "span=" not in page.url
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("input[name=new-query]")).not_to_be_focused()
    page.keyboard.press("Shift+ArrowRight")  # no letter, and as ever
    wait_for_time(page, 2, within_s=0.05)
    assert start_s != 2


def test_what_is_answered_refused_and_worked_on_is_said(page: Page, server_url: str) -> None:
    visit(page, server_url)
    said = page.locator("#spoken")
    expect(said).to_have_attribute("aria-live", "polite")
    add_sentence(page, "a green circle")
    expect(said).to_contain_text("a green circle")
    expect(said).to_contain_text("est from")  # “Best from” or “If it were there: best from”
    add_sentence(page, "a green circle")
    expect(said).to_contain_text("in the list already")
    page.locator("#model-picker select").select_option("conse-efficientnet-minilm")
    page.locator("#video-picker select").select_option(label="Big Buck Bunny (seconds 12 to 120)")
    expect(said).to_contain_text("Reading")
    times = page.evaluate(
        """() => new Promise((done) => { const times = []; const voice = document.querySelector('#spoken');
        new MutationObserver(() => times.push(voice.textContent)).observe(voice, {childList: true});
        setTimeout(() => done(times.length), 3000); })"""
    )
    assert times <= 2  # and not with every frame that is read
    page.locator("#cancel").click()


def test_on_a_phone_a_mark_says_that_there_are_more_tabs(page: Page, server_url: str) -> None:
    page.set_viewport_size(PHONE)
    visit(page, server_url)
    bar = page.locator("#instruments > .tab-wrapper")
    expect(bar).to_have_attribute("data-more", "right")
    tabs = page.get_by_role("tablist").first
    tabs.evaluate("(list) => { list.scrollLeft = (list.scrollWidth - list.clientWidth) / 2; }")
    expect(bar).to_have_attribute("data-more", "left right")
    page.get_by_role("tab", name="About").click()
    expect(bar).to_have_attribute("data-more", "left")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(bar).to_have_attribute("data-more", "")
