"""What a visitor of the page and a person at the command line get, with the model that knows colour words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from tests.colour_models import offer_both
from tests.films import Film
from workbench import __main__
from workbench.models.adapter_template import ENTRY, FAMILY
from workbench.settings import Settings
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.page import services_for_visitors
from workbench.ui.gradio.session import Session

VISITOR = gr.Request(session_hash="ann")
Run = Callable[..., tuple[int, dict[str, Any], str]]


class Visit:
    """A visit of a page that was started for it; the film is brought if the page does not have it."""

    def __init__(self, settings: Settings, film: Path, model: str = ENTRY.id) -> None:
        self.events = Events(services_for_visitors(settings))
        self.events.services.models.register_family(FAMILY)
        self.events.services.models.register(ENTRY)
        first = Session(video=self.events.services.library.examples()[0].id, model=model, queries=("red", "blue"))
        arrived = self.events.receive(gr.FileData(path=str(film), orig_name="film.mp4"))["arrived"]
        self.session = self.events.show_upload(first, arrived)["session"]

    def ask(self, model: str | None = None) -> dict[str, Any]:
        """Return what is shown at the end."""
        session = replace(self.session, model=model) if model else self.session
        return list(self.events.answer(session, VISITOR))[-1]


@pytest.fixture
def run(tmp_path: Path, film: Film, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Run:
    """Return the question at the command line: exit status, answer and what is said beside it."""
    offer_both(monkeypatch, tmp_path / "home")

    def ask(*words: str) -> tuple[int, dict[str, Any], str]:
        asked = ["ground", str(film.path), "--query", "red", "--model", ENTRY.id, "--json", "-", *words]
        status = __main__.main(asked)
        out, err = capsys.readouterr()
        return status, json.loads(out or "{}"), err

    return ask


def wait_for(is_so: Callable[[], bool], limit_s: float = 60.0) -> None:
    """Return once something is so."""
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
