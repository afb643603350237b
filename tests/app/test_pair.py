"""Two models on the page, without a browser: the same points on two maps, and what each puts beside them."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr
import numpy as np
import pytest

from workbench.ui.gradio import pair_texts, texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.session import Session

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")


@pytest.fixture
def session(events: Events) -> Session:
    """Return a question on the toy world, with the tab open and components alone, which take no time."""
    video = events.services.library.get("toy-test-72-000").id
    asked = Session(video=video, model="toyworld-frame", queries=("a white cross",), tab="space")
    space = replace(asked.space, map="pca", other="toyworld-video")
    return replace(asked, parameters={"fps": 1.0}, space=space)


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def compared(events: Events, session: Session) -> dict:
    """Return the last update of a comparison after its answer."""
    list(events.answer(session, ANN))
    return list(events.pair.compare(session, ANN))[-1]


def test_the_same_points_lie_on_two_maps(events: Events, session: Session) -> None:
    shown = compared(events, session)
    assert "The two models agree on" in shown["pair_text"]
    assert "unrelated spaces share" in shown["pair_text"]
    first, second = shown["pair_map"].figure.data
    np.testing.assert_array_equal(first.customdata, second.customdata)
    assert {(trace.hoverinfo, trace.hovertext) for trace in (first, second)} == {("none", None)}  # pictures are shown
    meta = shown["pair_map"].meta
    assert meta["here"] == session.video
    assert meta["said"]["title"] == pair_texts.SHARED_COLUMN
    assert len(meta["said"]["of"]) == len(meta["film"]) == len(first.customdata)
    row = int(shown["pair_most"].split('data-pick="')[1].split('"')[0])
    near = events.pair.pick(session, event(row=row), ANN)["pair_near"]
    assert near == events.pair.pick(session, event(pick=str(row)), ANN)["pair_near"]
    assert near.count("<ol") == 2
    assert near.count("<li") == 12
    assert f'data-rows="{row}"' in near
    for wrong in ({"row": 10_000}, {"row": -1}, {"row": True}, {"pick": "x"}, {}):
        assert pair_texts.NOT_A_POINT in events.pair.pick(session, event(**wrong), ANN)["pair_said"]


def test_nothing_is_compared_before_it_is_asked_for(events: Events, session: Session) -> None:
    assert texts.NOT_READ in list(events.pair.compare(session, ANN))[-1]["pair_said"]
    alone = replace(session, space=replace(session.space, other=""))
    assert pair_texts.NO_OTHER in compared(events, alone)["pair_said"]
    same = replace(session, space=replace(session.space, other=session.model))
    assert pair_texts.NO_OTHER in compared(events, same)["pair_said"]
    compared(events, session)
    assert pair_texts.NOT_ON_SHOW in events.pair.pick(session, event(row=0), BOB)["pair_said"]
    events.leave(ANN)
    assert pair_texts.NOT_ON_SHOW in events.pair.pick(session, event(row=0), ANN)["pair_said"]


def test_a_comparison_of_another_question_goes(events: Events, session: Session) -> None:
    compared(events, session)
    kept = list(events.explain(session, ANN))
    assert not any("pair_map" in update for update in kept)
    changed = events.space.choose("points")(session, event(value="segment"))["session"]
    assert any(update.get("pair_map", "") is None for update in events.explain(changed, ANN))
    assert pair_texts.NOT_ON_SHOW in events.pair.pick(changed, event(row=0), ANN)["pair_said"]


def test_a_click_on_the_timeline_takes_nothing_away_and_stops_nothing(events: Events, session: Session) -> None:
    compared(events, session)
    job = events.jobs.start("ann", Job(lambda report: None, "examine"))
    for update in (
        events.select_row(session, event(query=0, at_s=2.0), ANN),
        events.select_span(session, event(start_s=2.0, end_s=4.0), ANN),
    ):
        assert not {"pair_map", "space_map", "examine_said"} & set(update)
    assert not job.is_stopped
    told = list(events.explain(session, ANN))
    assert texts.OCCUPIED in told[-1]["space_said"]
    assert not job.is_stopped
    events.jobs.end("ann", job)


def test_a_file_is_of_no_two_models(events: Events, session: Session) -> None:
    of_file = replace(session, space=replace(session.space, films="file", file=("f" * 64, "mine")))
    assert pair_texts.OF_A_FILE in compared(events, of_file)["pair_said"]


def test_another_model_is_chosen_from_the_list(events: Events, session: Session) -> None:
    chosen = events.pair.choose_other(session, event(value="toyworld-frame"), ANN)
    assert chosen["session"].space.other == "toyworld-frame"
    assert "other=toyworld-frame" in chosen["address"]
    assert chosen["pair_other"]["value"] == ""  # the one on show is no other
    assert "not offered" in events.pair.choose_other(session, event(value="../etc"), ANN)["pair_said"]
    offered = events.choose_model(session, event(value="toyworld-video"), ANN)["pair_other"]["choices"]
    names = [name for _, name, _ in offered]
    assert names[0] == ""
    assert "toyworld-video" not in names
    assert "toyworld-frame" in names
