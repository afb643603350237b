"""What one visitor takes away, without a browser: every format, in their own words, and nothing of anybody else."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from tests.films import BLUE, RED, write_film
from workbench.models.adapter_template import ENTRY
from workbench.ui.gradio import takeaway_texts, texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.offers import OFFERS, Offer
from workbench.ui.gradio.session import Session

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
NAME = "Ann's =film\"; <b>.mp4"


@pytest.fixture
def session(events: Events, tmp_path: Path) -> Session:
    """Return an answered question of a visitor about a film of theirs."""
    path = write_film(tmp_path / "film.mp4", [(2, RED), (2, BLUE)]).path
    arrived = events.receive(gr.FileData(path=str(path), orig_name=f"C:/secret/{NAME}"))["arrived"]
    first = Session(video=events.services.library.examples()[0].id, model=ENTRY.id, queries=("red",))
    session = replace(events.show_upload(first, arrived)["session"], queries=("red", "blue"))
    list(events.answer(session, ANN))
    return session


def offered(events: Events, session: Session, request: gr.Request = ANN, **wanted: object) -> Offer:
    """Return the file that waits for a visitor."""
    token = events.export(session, request, wanted)["download"]["url"].rsplit("/", 1)[1]
    offer = OFFERS.find(token)
    assert offer is not None
    return offer


def test_every_format_calls_the_film_as_its_visitor_does_and_tells_no_folder(events: Events, session: Session) -> None:
    stem = NAME.removesuffix(".mp4")
    told = json.loads(events.export(session, ANN, {"format": "json"})["download"]["text"])
    assert told["provenance"]["video_title"] == stem
    assert "film\"; <b>.mp4' --query red" in told["provenance"]["command"]
    files = {ending: offered(events, session, format=ending) for ending in ("csv", "npz", "html")}
    assert {offer.name for offer in files.values()} == {
        f"ground-Ann-s-film-b-colour-histogram.{ending}" for ending in files
    }
    rows = csv.DictReader(line for line in files["csv"].content.decode().splitlines() if not line.startswith("#"))
    assert [float(row["saliency"]) for row in rows if row["table"] == "saliency"] == [
        value for curve in told["saliency"] for value in curve
    ]
    with np.load(io.BytesIO(files["npz"].content), allow_pickle=False) as arrays:
        assert json.loads(str(arrays["provenance"][0]))["command"] == told["provenance"]["command"]
    assert "<b>.mp4" not in files["html"].content.decode()
    for offer in files.values():
        assert b"secret" not in offer.content


def test_a_figure_is_told_how_it_was_made(events: Events, session: Session) -> None:
    asked = replace(session, tab="who")
    list(events.explain(asked, ANN))
    for figure, tab, verbs in (("timeline", "who", ["ground"]), ("values", "about", ["attribute"] * 5)):
        sent = events.export(replace(asked, tab=tab), ANN, {"format": "png", "figure": figure})["download"]
        assert (sent["figure"], sent["format"]) == (figure, "png")
        sentence = "“red”, " if figure == "values" else ""
        assert sent["title"] == sentence + f"{NAME.removesuffix('.mp4')}, {ENTRY.id}"
        assert sent["name"] == f"{figure}-Ann-s-film-b-colour-histogram.png"
        made = json.loads(sent["provenance"])
        assert [each["analysis"] for each in made] == verbs
        assert all(f" {each['analysis']} " in each["command"] for each in made)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"format": "exe"}, takeaway_texts.NOT_A_FORMAT),
        ({"format": ["csv"]}, takeaway_texts.NOT_A_FORMAT),
        ("csv", takeaway_texts.NOT_A_FORMAT),
        ({"format": "png", "figure": "../secret"}, takeaway_texts.NOT_A_FIGURE),
        ({"format": "svg"}, takeaway_texts.NOT_A_FIGURE),
    ],
)
def test_what_is_no_format_is_refused(events: Events, session: Session, wanted: object, said: str) -> None:
    assert said in events.export(session, ANN, wanted)["notice"]


def test_another_visitor_has_neither_the_file_nor_its_name(events: Events, session: Session) -> None:
    mine = offered(events, session, format="csv")
    theirs = replace(session, uploads={}, files={})  # a link that Ann sent them
    other = offered(events, theirs, BOB, format="csv")
    assert mine.token != other.token
    assert b"Ann" not in other.content
    assert f" ground {session.video} " in other.content.decode()
    assert offered(events, session, format="csv").token != mine.token
    assert OFFERS.find(mine.token) is None, "one file a visitor waits"


def test_after_a_reload_the_file_is_named_by_its_title(events: Events, session: Session) -> None:
    again = replace(session, files={})
    assert "<b>.mp4" in events.reproduce(again, ANN)["reproduction"]["command"]
    gone = replace(again, video=session.video, uploads={**session.uploads, "f" * 64: "gone"})
    assert "gone" not in events.reproduce(gone, ANN)["reproduction"]["command"]


def test_only_what_was_read_is_taken_away(events: Events, session: Session) -> None:
    unread = session.with_parameter("fps", 5.0)
    for update in (events.export(unread, ANN, {"format": "csv"}), events.reproduce(unread, ANN)):
        assert update.keys() == {"notice"}
        assert texts.NOT_READ in update["notice"]
