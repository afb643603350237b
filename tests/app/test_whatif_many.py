"""One thing changed in many videos, for one visitor, without a browser: the toy world's, and one's own by a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from tests.films import GREEN, RED, write_film
from workbench.analyses import toy_clips
from workbench.models.adapter_template import ENTRY
from workbench.ui.gradio import texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.offers import OFFERS
from workbench.ui.gradio.session import Session

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
SECOND = replace(ENTRY, id="colour-again")


@pytest.fixture
def events(services, monkeypatch: pytest.MonkeyPatch) -> Events:
    monkeypatch.setattr(toy_clips, "COUNT", 16)
    monkeypatch.setattr(toy_clips, "COUNT_IN_ORDER", 4)
    services.models.register(SECOND)
    return Events(services)


@pytest.fixture
def session(events: Events, tmp_path: Path) -> Session:
    """Return a question of a visitor with two films of their own, on the tab that changes one thing."""
    films = {}
    for title, colour in (("<i>mine</i>", RED), ("other", GREEN)):
        path = write_film(tmp_path / f"{len(films)}.mp4", [(4, colour)]).path
        films[events.receive(gr.FileData(path=str(path), orig_name=f"{title}.mp4"))["arrived"].id] = title
    return Session(video=next(iter(films)), model=ENTRY.id, queries=("a red ball",), uploads=films, tab="whatif")


def test_films_of_the_toy_world_are_probed_and_counted(events: Events, session: Session) -> None:
    found: dict = {}
    for update in events.whatif.probe_toy(replace(session, model=ENTRY.id), ANN):
        found |= update
    assert "20 sentences of 20 videos" in found["many_text"]
    assert "events in the other order" in found["many_numbers"]
    sent = events.export(session, ANN, {"format": "html"})["download"]  # though nothing was made of the one film yet
    page = OFFERS.find(sent["url"].rsplit("/", 1)[1]).content.decode()
    assert "Winoground" not in page
    assert "by a coin" in page
    assert "earlier question" in events.export(session, BOB)["notice"]
    assert found["many_figure"].data
    assert "All numbers" in found["many_numbers"]
    events.jobs.start("ann", Job(lambda report: None, "answer"))
    [busy] = events.whatif.probe_toy(session, ANN)
    assert texts.OCCUPIED in busy["many_said"]
    cleared = events.choose_model(session, gr.EventData(None, {"value": SECOND.id}), ANN)
    assert cleared["many_figure"] is None


ROWS = [{"vid": "<i>mine</i>", "caption": "a red ball"}, {"vid": "other", "caption": "a green ball"}]
VITATECS = {"video_name": "other", "caption": "a green ball", "counterfactual": "a red ball", "aspect": "Type"}


def probed_file(events: Events, session: Session, path: Path, content: str) -> dict:
    path.write_text(content)
    found: dict = {}
    for update in events.whatif.probe_file(session, gr.FileData(path=str(path), orig_name="mine.jsonl"), ANN):
        found |= update
    return found


def test_videos_of_ones_own_are_probed_by_a_file(events: Events, session: Session, tmp_path: Path) -> None:
    found = probed_file(events, session, tmp_path / "0", "\n".join(map(json.dumps, ROWS)))
    assert "2 sentences of 2 videos" in found["many_text"]
    found = probed_file(events, session, tmp_path / "1", json.dumps(VITATECS))
    assert "“a green ball” scores 1.000, above 1 of 1" in found["many_text"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "mine.jsonl is empty"),
        ("{", "JSON"),
        (json.dumps({"vid": "<b>nobody</b>", "caption": "a ball"}), "No video of yours is called “&lt;b&gt;nobody"),
        ("\n".join([json.dumps(ROWS[0])] * 201), "201 captions"),
        (json.dumps({"vid": "other"}), "caption"),
    ],
)
def test_a_file_that_says_nothing_of_ones_videos_is_refused(
    events: Events, session: Session, tmp_path: Path, content: str, told: str
) -> None:
    assert told in probed_file(events, session, tmp_path / "file", content)["many_said"]
    assert events.whatif._many == {}


def test_what_another_question_ends_is_told(events: Events, session: Session) -> None:
    events.jobs.start("ann", Job(lambda report: None, "many"))
    first = next(iter(events.answer(session, ANN)))
    assert texts.DROPPED in first["many_text"]
