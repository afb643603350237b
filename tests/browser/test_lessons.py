"""The lessons in a browser, as a student sees them: on a laptop and on a phone, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PATIENCE_MS
from tests.serve import serve

LESSONS = 6
PROGRAM = ("-m", "streamlit", "run", "workbench/ui/lessons/app.py", "--server.headless", "true")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("lessons"), PROGRAM) as url:
        yield url


@pytest.fixture(params=["desktop-light", "phone-dark"])
def student(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield an empty page of a student's machine."""
    size = DESKTOP if request.param.startswith("desktop") else {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, color_scheme=request.param.split("-")[1])
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_all_lessons_are_taken_from_the_first_to_the_last(student: Page, url: str) -> None:
    failures: list[str] = []
    student.on("pageerror", lambda error: failures.append(str(error)))
    for number in range(1, LESSONS + 1):
        student.goto(f"{url}lesson-{number}" if number > 1 else url)
        show = student.get_by_role("button", name="Show the answer")
        expect(show).to_be_disabled(timeout=PATIENCE_MS)
        choices = student.get_by_test_id("stRadio").last.locator("label:has(input)")
        choices.nth(1).click()
        show.click()
        expect(student.get_by_text("To take home.")).to_be_visible(timeout=PATIENCE_MS)
        expect(student.get_by_text("You said")).to_be_visible()
        expect(student.get_by_test_id("stException")).to_have_count(0)
        wide = student.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1]
    assert failures == []


def test_a_student_plays_the_game_by_hand(page: Page, url: str) -> None:
    page.goto(f"{url}lesson-3")
    score = page.get_by_test_id("stMetricValue")
    expect(score).not_to_have_text("0.000", timeout=PATIENCE_MS)
    for name in ("first", "second", "third"):
        page.get_by_text(f"The {name} is in").click()
    expect(score).to_have_text("0.000")
    page.get_by_text("The second is in").click()
    expect(score).not_to_have_text("0.000")
    assert float(score.inner_text()) > 0.5, "a red ring is in the second picture alone"
