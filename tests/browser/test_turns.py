"""More ask than can be served at once, in a real browser and on the real server: a person sees who is before them.

Separate because a film has to be half read for as long as the test likes, by a model that no other page has.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import gradio_client
import pytest
from playwright.sync_api import Page, expect

from tests.gated import MODEL_ID, Gate
from tests.serve import serve, visit
from workbench.media.library import VideoLibrary
from workbench.settings import Settings
from workbench.ui.gradio import turns_texts
from workbench.ui.gradio.lines import n_at_once

expect.set_options(timeout=60_000)


class Site:
    """A page with a model behind a gate, and what its visitors ask."""

    def __init__(self, url: str, gate: Gate) -> None:
        self.url, self.gate = url, gate
        self.film = VideoLibrary(Settings()).examples()[0].id

    def ask(self, fps: float) -> gradio_client.client.Job:
        """Have a program of its own ask for the film to be read anew, at another rate than anybody else."""
        return visit(self.url).submit(self.film, ["red"], MODEL_ID, fps, api_name="/ground")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with serve(tmp_path / "home", ("-m", "tests.gated", str(tmp_path / "gate"))) as url:
        yield Site(url, Gate(tmp_path / "gate"))


def test_a_person_sees_how_many_are_before_and_a_program_that_cancels_makes_way(page: Page, site: Site) -> None:
    being_read = [site.ask(1 + number / 100) for number in range(n_at_once())]
    time.sleep(2)  # the order in which they come is that in which they are served
    waiting = site.ask(1.5)
    time.sleep(1)
    page.goto(f"{site.url}?video={site.film}&model={MODEL_ID}&fps=1.6&q=red")
    status = page.locator("#status")
    expect(status).to_contain_text(turns_texts.before_you(1))
    waiting.cancel()
    expect(status).to_contain_text(turns_texts.before_you(0))
    site.gate.open(99)
    expect(page.locator("#answers h3", has_text="red")).to_be_visible()
    expect(status).to_be_empty()
    assert all(job.result(60)["queries"] == ["red"] for job in being_read)
