"""What a person does on the page, in a real browser: see, click, drag, type, upload, share."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.films import Film
from tests.robustness_set import film as film_of_numbers
from tests.robustness_set import number_of
from workbench.media.decode import frames_at

PATIENCE_MS = 90_000
READY = "#timeline [data-ready=true]"
PLAYER = "document.querySelector('#film video')"

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def bench(page: Page, server_url: str, complaints: list[str]) -> Page:
    """Return the page, opened without any wish and showing its first result."""
    return visit(page, server_url)


def visit(page: Page, url: str) -> Page:
    """Open an address and wait until a result is shown and the player has a picture."""
    page.goto(url)
    page.wait_for_selector(READY, state="attached", timeout=PATIENCE_MS)
    page.wait_for_function(f"{PLAYER}.readyState >= 2", timeout=PATIENCE_MS)
    return page


def wait_for_time(page: Page, seconds: float, within_s: float = 0.6) -> None:
    """Wait until the player stands at ``seconds``."""
    page.wait_for_function(f"Math.abs({PLAYER}.currentTime - {seconds}) <= {within_s}", timeout=PATIENCE_MS)


def time_of(page: Page) -> float:
    return page.evaluate(f"{PLAYER}.currentTime")


def duration_of(page: Page) -> float:
    return page.evaluate(f"{PLAYER}.duration")


def sentences(page: Page) -> list[str]:
    return page.locator("#queries li textarea").evaluate_all("items => items.map(item => item.value)")


def notice(page: Page) -> Locator:
    return page.locator("#notice .notice")


def plot_box(page: Page) -> dict[str, float]:
    plot = page.locator("#timeline .plot")
    plot.scroll_into_view_if_needed()
    return plot.bounding_box()


def add_sentence(page: Page, text: str) -> None:
    entry = page.locator("input[name=new-query]")
    entry.fill(text)
    entry.press("Enter")


def answer_to(page: Page, text: str) -> Locator:
    return page.locator(".answer", has=page.get_by_role("heading", name=text, exact=True))


def test_first_screen_shows_a_result_untouched(bench: Page, complaints: list[str]) -> None:
    shown = sentences(bench)
    assert shown
    for text in shown:
        expect(answer_to(bench, text)).to_be_visible()
        expect(bench.locator("#timeline .annotation-text", has_text=text[:50])).to_be_visible()
    assert bench.locator("#timeline .heatmaplayer image").count() >= 1
    expect(notice(bench)).to_have_count(0)
    assert not complaints


@pytest.mark.parametrize("share", [0.2, 0.75])
def test_click_on_the_heat_seeks(bench: Page, share: float) -> None:
    box = plot_box(bench)
    bench.mouse.click(box["x"] + share * box["width"], box["y"] + 60)
    wait_for_time(bench, share * duration_of(bench))


def test_click_on_a_moment_seeks(bench: Page) -> None:
    moment = bench.locator(".answer .moment").first
    moment.click()
    wait_for_time(bench, float(moment.get_attribute("data-seek")))
    row = bench.locator("table.moments tbody tr").last
    row.click()
    wait_for_time(bench, float(row.get_attribute("data-seek")))


def test_playhead_stands_on_the_time_and_moves_while_playing(bench: Page) -> None:
    box = plot_box(bench)
    bench.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 60)
    wait_for_time(bench, 0.3 * duration_of(bench))
    playhead = bench.locator("#timeline .playhead")
    bench.wait_for_function(
        """() => { const line = document.querySelector('#timeline .playhead').getBoundingClientRect();
        const plot = document.querySelector('#timeline .plot').getBoundingClientRect();
        return Math.abs((line.x + line.width / 2 - plot.x) / plot.width - 0.3) < 0.02 }"""
    )
    before = playhead.bounding_box()
    assert before["height"] > 0.8 * (box["height"] - 24)
    bench.get_by_role("button", name="Play", exact=True).click()
    bench.wait_for_function(
        f"document.querySelector('#timeline .playhead').getBoundingClientRect().x > {before['x']} + 4"
    )


def test_a_new_sentence_gets_a_row_and_an_answer(bench: Page, complaints: list[str]) -> None:
    n_before = len(sentences(bench))
    add_sentence(bench, "a green circle")
    expect(answer_to(bench, "a green circle")).to_be_visible()
    expect(bench.locator("#timeline .annotation-text", has_text="a green circle")).to_be_visible()
    assert len(sentences(bench)) == n_before + 1
    bench.locator("#queries li").last.get_by_role("button").click()
    expect(answer_to(bench, "a green circle")).to_have_count(0)
    assert not complaints


def test_questions_in_quick_succession_empty_nothing(bench: Page) -> None:
    """A question that is overtaken before it has said anything must leave the page as it is."""
    asked = ["a red ring", "a blue ring", "a green ring", "a cyan ring"]
    for text in asked:
        add_sentence(bench, text)
    expect(answer_to(bench, asked[-1])).to_be_visible(timeout=PATIENCE_MS)
    assert sentences(bench)[-4:] == asked
    for picker in ("#video-picker select", "#model-picker select", "#parameter-fps input"):
        expect(bench.locator(picker)).not_to_have_value("")


def test_a_sentence_is_text_and_never_markup(bench: Page) -> None:
    hostile = "<img src=x onerror=document.title='owned'> & <b>bold</b>"
    add_sentence(bench, hostile)
    expect(answer_to(bench, hostile)).to_be_visible()
    assert bench.title() != "owned"
    assert bench.locator("#answers b, #answers img").count() == 0


def test_what_is_refused_stays_in_the_box_to_be_mended(bench: Page) -> None:
    endless = "word " * 2000
    add_sentence(bench, endless)
    expect(notice(bench)).to_contain_text("shorten")
    expect(bench.locator("input[name=new-query]")).to_have_value(endless)
    add_sentence(bench, "a blue square")
    expect(answer_to(bench, "a blue square")).to_be_visible()
    expect(bench.locator("input[name=new-query]")).to_have_value("")


def test_another_film_shows_the_number_of_every_moment(bench: Page) -> None:
    bench.locator("#video-picker select").select_option(label="Toy world 3: shapes on stripes")
    expect(answer_to(bench, "a red circle")).to_be_visible()
    for text in ("a red ring", "a yellow ring"):
        add_sentence(bench, text)
        expect(answer_to(bench, text)).to_be_visible()
    listed = bench.locator("table.moments tbody tr").count()
    assert listed >= 4
    numbers = bench.locator("#timeline .annotation-text").filter(has_text=re.compile(r"^\d+$"))
    expect(numbers).to_have_count(listed)


def test_a_rate_that_cannot_be_leaves_the_result_and_says_so(bench: Page) -> None:
    shown = bench.locator("#answers .answer").count()
    field = bench.locator("#parameter-fps input")
    field.fill("0")
    field.press("Enter")
    expect(notice(bench)).to_contain_text("choose a value from 0.1 to 30")
    assert bench.locator("#answers .answer").count() == shown
    expect(bench.locator("#timeline .canvas")).to_have_css("opacity", "0.66")
    field.fill("2")
    field.press("Enter")
    expect(notice(bench)).to_have_count(0)
    expect(bench.locator("#timeline .canvas")).to_have_css("opacity", "1")


def test_cancel_holds_also_from_within_a_field_and_going_on_goes_on(bench: Page) -> None:
    bench.locator("#model-picker select").select_option("conse-efficientnet-minilm")
    bench.locator("#video-picker select").select_option(label="Big Buck Bunny (seconds 12 to 120)")
    field = bench.locator("#parameter-fps input")
    field.fill("1")
    field.press("Enter")
    expect(bench.locator("#status .working")).to_contain_text("of 108")  # and not what was asked before
    bench.locator("#cancel").click()  # takes the focus from the field
    expect(bench.locator("#resume")).to_be_visible()
    bench.wait_for_timeout(2000)
    expect(bench.locator("#resume")).to_be_visible()
    bench.locator("#resume").click()
    answered = bench.locator("#answers .source")
    expect(answered).to_have_text("ConSE (EfficientNet-Lite, MiniLM), 1 fps", timeout=3 * PATIENCE_MS)
    expect(bench.locator("#resume")).to_be_hidden()


def test_a_film_that_starts_late_keeps_one_clock(bench: Page) -> None:
    """A quarter of the way along the timeline is a quarter of the way along the player."""
    path = film_of_numbers("late_start_mp4")
    bench.locator("#upload input[type=file]").set_input_files(path)
    expect(bench.locator("#video-picker option:checked")).to_have_text(path.stem)
    bench.wait_for_selector(READY, state="attached", timeout=PATIENCE_MS)
    expect(bench.locator("#caption")).to_contain_text("11 frames")
    bench.wait_for_function(f"{PLAYER}.readyState >= 2 && {PLAYER}.duration < 6", timeout=PATIENCE_MS)
    box = plot_box(bench)
    bench.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 60)
    wait_for_time(bench, 0.75 * 5.5, within_s=0.15)
    pixels = bench.evaluate(
        """() => { const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
        const context = canvas.getContext('2d');
        context.drawImage(document.querySelector('#film video'), 0, 0, 160, 120);
        return [...context.getImageData(0, 0, 160, 120).data] }"""
    )
    shown = number_of(np.array(pixels, dtype=np.uint8).reshape(120, 160, 4)[..., :3])
    server = next(iter(frames_at(path, "film", np.array([time_of(bench)]))))
    assert shown == number_of(server)


def test_without_sentences_the_page_says_what_to_type(bench: Page) -> None:
    for _ in sentences(bench):
        n = bench.locator("#queries li").count()
        bench.locator("#queries li").first.get_by_role("button").click()
        expect(bench.locator("#queries li")).to_have_count(n - 1)
    expect(bench.locator("#answers .hint")).to_contain_text("Type what should be seen")
    expect(bench.locator("#timeline .plot")).to_be_hidden()


def test_an_empty_and_an_endless_sentence_are_answered_in_words(bench: Page) -> None:
    add_sentence(bench, "   ")
    expect(notice(bench)).to_contain_text("empty")
    add_sentence(bench, "word " * 2000)
    expect(notice(bench)).to_contain_text("shorten")
    add_sentence(bench, "a blue square")
    expect(notice(bench)).to_have_count(0)


def test_upload_of_a_video_gives_its_result(bench: Page, film: Film, complaints: list[str]) -> None:
    before = bench.evaluate(f"{PLAYER}.src")
    bench.locator("#upload input[type=file]").set_input_files(film.path)
    bench.wait_for_function(f"{PLAYER}.src !== '{before}' && {PLAYER}.readyState >= 2", timeout=PATIENCE_MS)
    bench.wait_for_selector(READY, state="attached", timeout=PATIENCE_MS)
    expect(bench.locator("#answers .answer").first).to_be_visible()
    assert abs(duration_of(bench) - 8.0) < 0.2
    expect(bench.locator("#video-picker option:checked")).to_have_text(film.path.stem)
    assert not complaints


def test_upload_of_a_text_named_mp4_is_answered_in_one_sentence(bench: Page, tmp_path: Path) -> None:
    fake = tmp_path / "notes.mp4"
    fake.write_text("this is not a video\n" * 50)
    src = bench.evaluate(f"{PLAYER}.src")
    bench.locator("#upload input[type=file]").set_input_files(fake)
    expect(notice(bench)).to_have_count(1)
    assert "Traceback" not in notice(bench).inner_text()
    assert notice(bench).inner_text().strip().endswith(".")
    assert bench.evaluate(f"{PLAYER}.src") == src


def test_the_address_restores_video_model_and_sentences(bench: Page, server_url: str) -> None:
    add_sentence(bench, "a yellow triangle & a “quote”")
    expect(answer_to(bench, "a yellow triangle & a “quote”")).to_be_visible()
    expect(bench.locator("#parameter-fps input")).to_be_visible()
    bench.locator("#parameter-fps input").fill("1")
    bench.locator("#parameter-fps input").press("Enter")
    bench.wait_for_url("**fps=1**", timeout=PATIENCE_MS)
    link, asked = bench.url, sentences(bench)
    video, model = (bench.locator(f"#{name}-picker select").input_value() for name in ("video", "model"))
    again = bench.context.browser.new_context().new_page()
    visit(again, link)
    assert sentences(again) == asked
    expect(again.locator("#video-picker select")).to_have_value(video)
    expect(again.locator("#model-picker select")).to_have_value(model)
    expect(again.locator("#parameter-fps input")).to_have_value("1")
    again.context.close()


def test_what_is_drawn_is_clipped_by_paths_of_the_page_whatever_its_address(bench: Page) -> None:
    """A path named by an address that is not the page's any more clips everything away, once the page is repainted."""
    bench.get_by_role("tab", name="Space").click()
    bench.wait_for_function("location.search.includes('tab=space')")
    bench.wait_for_selector("#space-map .main-svg [clip-path]", state="attached", timeout=PATIENCE_MS)
    for element in ("#timeline", "#space-map"):
        named = bench.locator(f"{element} [clip-path]").evaluate_all(
            "all => all.map(one => one.getAttribute('clip-path'))"
        )
        assert named
        assert all(re.fullmatch(r"url\('?#\w+'?\)", name) for name in named)
    assert bench.evaluate("document.querySelector('base').href")  # still the toolkit's


@pytest.mark.parametrize(
    "wish",
    ["?video=../../etc/passwd", "?video=" + "0" * 64, "?fps=1e9", "?q=" + "x" * 10_000],
    ids=["path", "unknown video", "rate out of range", "endless sentence"],
)
def test_an_impossible_address_is_answered_and_a_result_shown(page: Page, server_url: str, wish: str) -> None:
    visit(page, server_url + wish)
    expect(notice(page)).to_have_count(1)
    assert "Traceback" not in notice(page).inner_text()


def test_keys(bench: Page) -> None:
    bench.locator("#masthead h1").click()
    bench.keyboard.press("1")
    moment = bench.locator(".is-current [data-rank='1']")
    wait_for_time(bench, float(moment.get_attribute("data-seek")), within_s=0.1)
    bench.locator("#masthead h1").click()
    start = time_of(bench)
    bench.keyboard.press("Shift+ArrowRight")
    wait_for_time(bench, start + 1, within_s=0.05)
    bench.keyboard.press("ArrowLeft")
    bench.wait_for_function(f"{PLAYER}.currentTime < {start} + 1 && {PLAYER}.currentTime > {start} + 0.85")
    bench.keyboard.press("Space")
    bench.wait_for_function(f"!{PLAYER}.paused")
    bench.keyboard.press("Space")
    bench.wait_for_function(f"{PLAYER}.paused")
    bench.keyboard.press("?")
    expect(bench.get_by_role("dialog")).to_be_visible()
    bench.keyboard.press("Escape")
    expect(bench.get_by_role("dialog")).to_be_hidden()


def test_keys_are_not_taken_from_someone_typing(bench: Page) -> None:
    bench.keyboard.press("/")
    expect(bench.locator("input[name=new-query]")).to_be_focused()
    before = time_of(bench)
    bench.keyboard.type("1 red? / circle")
    bench.keyboard.press("ArrowLeft")
    expect(bench.locator("input[name=new-query]")).to_have_value("1 red? / circle")
    assert time_of(bench) == before
    assert bench.evaluate(f"{PLAYER}.paused")


def test_a_drag_selects_a_span_and_says_what_it_holds(bench: Page) -> None:
    box, duration = plot_box(bench), duration_of(bench)
    y = box["y"] + 60
    bench.mouse.move(box["x"] + 0.25 * box["width"], y)
    bench.mouse.down()
    bench.mouse.move(box["x"] + 0.35 * box["width"], y)
    bench.mouse.move(box["x"] + 0.5 * box["width"], y)
    bench.mouse.up()
    expect(bench.locator("#span")).to_contain_text("outside")
    span = bench.locator("#timeline .span").bounding_box()
    assert abs(span["width"] - 0.25 * box["width"]) <= 6
    # Another sentence does not take it away, and the address holds it.
    bench.locator("input[name=new-query]").fill("a red ring")
    bench.locator("input[name=new-query]").press("Enter")
    expect(bench.locator("#span li")).to_have_count(3)
    assert abs(bench.locator("#timeline .span").bounding_box()["width"] - span["width"]) <= 2
    bench.wait_for_url("**span=*")
    bench.reload()
    expect(bench.locator("#span")).to_contain_text("outside")
    expect(bench.locator("#timeline [data-ready=true]")).to_be_attached()
    again = bench.locator("#timeline .span").bounding_box()
    assert abs(again["width"] - span["width"]) <= 2
    bench.get_by_role("button", name="Zoom in").click()
    box = plot_box(bench)  # the page may have been scrolled
    bench.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 60)
    wait_for_time(bench, 0.375 * duration)
    bench.get_by_role("button", name="Clear").click()
    expect(bench.locator("#span .span-lines")).to_have_count(0)
    expect(bench.locator("#timeline .span")).to_be_hidden()


def test_dark_and_light(bench: Page) -> None:
    def brightness() -> int:
        colour = bench.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])

    def ink() -> str:
        return bench.evaluate("getComputedStyle(document.querySelector('#timeline .annotation-text')).fill")

    light, light_ink = brightness(), ink()
    bench.get_by_role("button", name="Theme").click()
    bench.wait_for_function(
        f"getComputedStyle(document.querySelector('#timeline .annotation-text')).fill !== '{light_ink}'"
    )
    assert light > 3 * 220
    assert brightness() < 3 * 60


@pytest.mark.parametrize("width_px", [390, 820, 1440])
def test_nothing_is_wider_than_the_screen(page: Page, server_url: str, width_px: int) -> None:
    page.set_viewport_size({"width": width_px, "height": 844})
    visit(page, server_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    ends = page.locator("#masthead nav button").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(ends) <= width_px - 16
    tops = [page.locator(name).bounding_box()["y"] for name in ("#film", "#timeline", "#answers")]
    if width_px < 1120:
        assert tops == sorted(tops)


def test_download_is_the_shown_result(bench: Page) -> None:
    import json

    with bench.expect_download() as waiting:
        bench.get_by_role("button", name="Download", exact=True).click()
        bench.get_by_role("button", name="JSON").click()
    result = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert result["queries"] == sentences(bench)
    starts = bench.locator(".answer .moment").evaluate_all("items => items.map(item => Number(item.dataset.seek))")
    assert [round(m["start_s"], 3) for moments in result["moments"] for m in moments] == starts
