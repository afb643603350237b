"""What an event does for one visitor, without a browser: what is shown, and what may be computed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from starlette.datastructures import QueryParams

from tests.films import BLUE, RED, Film, write_film
from tests.gated import MODEL_ID, Gate, register_gated_model
from tests.tiny_checkpoints import save_tiny_xclip
from workbench.analyses.services import Services
from workbench.errors import InputError, ModelError
from workbench.models.adapter_template import ENTRY
from workbench.models.entry import ModelEntry
from workbench.settings import Settings
from workbench.types.outcome import Progress
from workbench.ui.gradio import texts
from workbench.ui.gradio import working as module
from workbench.ui.gradio.api import checked_rate, checked_texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.page import leaving_unopened, services_for_visitors
from workbench.ui.gradio.sent import MAX_BROUGHT
from workbench.ui.gradio.session import Session

VISITOR = gr.Request(session_hash="ann")


def upload(events: Events, path: Path, name: str) -> Session:
    """Return the session of a new visitor who has brought a film under ``name``."""
    arrived = events.receive(gr.FileData(path=str(path), orig_name=name))["arrived"]
    first = Session(video=events.services.library.examples()[0].id, model=ENTRY.id, queries=("red",))
    return events.show_upload(first, arrived)["session"]


def test_of_the_films_of_one_visitor_the_latest_are_on_the_lists(events: Events, tmp_path: Path) -> None:
    session = upload(events, write_film(tmp_path / "film.mp4", [(1, RED)]).path, "film.mp4")
    [newest] = session.uploads
    full = replace(session, uploads={f"{k:064x}": "old" for k in range(MAX_BROUGHT)})
    shown = events.show_upload(full, events.services.library.get(newest))
    assert len(shown["session"].uploads) == len(shown["brought"]) == MAX_BROUGHT
    assert list(shown["session"].uploads)[-1] == newest


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def asking(address: str) -> gr.Request:
    """Return the request of a page that is opened with ``address``."""
    request = gr.Request(session_hash="ann")
    request.__dict__["query_params"] = QueryParams(address)
    return request


def test_a_second_visit_decodes_nothing(events: Events, film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    session = upload(events, film.path, "film.mp4")
    first = list(events.answer(session, VISITOR))[-1]

    def decode(*args: object, **kwargs: object) -> None:
        raise AssertionError("the film was decoded again")

    monkeypatch.setattr(events.services.library, "thumbnails", decode)
    monkeypatch.setattr(events.services.library, "frames", decode)
    again = list(Events(events.services).answer(session, VISITOR))[-1]
    assert again["timeline"] == first["timeline"]


def test_a_click_never_starts_to_read_a_film(events: Events, film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    session = upload(events, film.path, "film.mp4")
    with monkeypatch.context() as patch:
        patch.setattr(events.services.library, "frames", None)
        for update in (
            events.select_row(session, event(query=0), VISITOR),
            events.select_span(session, event(start_s=1.0, end_s=2.0), VISITOR),
            events.export(session, VISITOR),
        ):
            assert update.keys() == {"notice"}
            assert texts.NOT_READ in update["notice"]
    list(events.answer(session, VISITOR))
    assert events.select_row(session, event(query=0), VISITOR)["session"].current == 0
    assert "inside" in events.select_span(session, event(start_s=2.0, end_s=4.0), VISITOR)["span"]
    assert '"queries"' in events.export(session, VISITOR)["download"]["text"]


def test_an_answer_that_nobody_waits_for_ends_its_work(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    has_ended = threading.Event()

    def work(session, report):
        try:
            while True:
                report(Progress(1, 2, "on and on"))
        finally:
            has_ended.set()

    monkeypatch.setattr(events, "_work", work)
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    answer = events.answer(Session(queries=("red",)), VISITOR)
    assert "on and on" in next(answer)["status"]
    assert not has_ended.is_set()
    answer.close()
    assert has_ended.wait(10)


def heat_of(figure) -> np.ndarray:
    """Return the heat rows of a timeline, NaN where there is nothing."""
    return np.asarray(next(trace for trace in figure.data if trace.type == "heatmap").z)[::2]


@pytest.fixture
def gate(services: Services, tmp_path: Path) -> Gate:
    """Return the gate of a model that encodes a chunk each time it is opened."""
    gate = Gate(tmp_path / "gate")
    register_gated_model(services, gate)
    return gate


@pytest.fixture
def long_session(events: Events, tmp_path: Path) -> Session:
    """Return a question on a film of four chunks: a minute of red, then one of blue."""
    path = write_film(tmp_path / "long.mp4", [(64.0, RED), (64.0, BLUE)], fps=2).path
    return replace(upload(events, path, "long.mp4"), model=MODEL_ID, queries=("red", "blue"))


def test_a_film_is_seen_filling_in_and_the_answer_takes_its_place(
    events: Events, long_session: Session, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    gate.open()
    drawn = []
    for update in events.answer(long_session, VISITOR):
        if "timeline" in update:
            drawn.append(update)
            gate.open()
    *partial, answer = drawn
    assert [int(update["timeline"].data[0].x[-1] / 32 + 0.5) for update in partial] == [1, 2, 3, 4][: len(partial)]
    assert len(partial) >= 3
    for update in partial:
        assert update["timeline"].layout.meta["is_partial"]
        assert update["timeline"].layout.xaxis.range == (0, 128.0)
        assert np.isfinite(heat_of(update["timeline"])).all()
        assert texts.SO_FAR in update["caption"]
        assert "so-far" in update["status"]
        assert not {"answers", "moments", "map", "null"} & update.keys()
    assert "is_partial" not in answer["timeline"].layout.meta
    assert texts.SO_FAR not in answer["caption"]
    assert answer["status"] == ""


def test_what_was_read_is_drawn_no_sooner_than_a_second_later_and_never_twice(
    events: Events, long_session: Session, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    gate.open(2)
    drawn = []
    for n_updates, update in enumerate(events.answer(long_session, VISITOR), 1):
        if "timeline" in update:
            drawn.append(time.monotonic())
        if n_updates == 12:  # three seconds
            gate.open(2)
    assert 2 <= len(drawn) <= 4
    assert (np.diff(drawn[:-1]) >= module.LOOK_S).all()


def test_an_answer_within_the_quiet_time_shows_nothing_on_the_way(
    events: Events, long_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 60.0)
    update, *others = events.answer(replace(long_session, model=ENTRY.id), VISITOR)
    assert not others
    assert "is_partial" not in update["timeline"].layout.meta


def test_when_stopped_what_was_seen_stays_and_going_on_starts_from_it(
    events: Events, long_session: Session, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    gate.open(2)
    for update in events.answer(long_session, VISITOR):
        last = update
        if "timeline" in update and update["timeline"].data[0].x[-1] > 63:
            events.cancel(VISITOR)
            gate.open()
    assert texts.STOPPED in last["status"]
    assert "so-far" in last["status"]
    assert "Read in part, " in last["facts"]
    assert "<dd>cpu</dd>" in last["facts"]
    assert not {"timeline", "caption"} & last.keys()
    on_going_on = (update for update in events.answer(long_session, VISITOR) if "timeline" in update)
    assert next(on_going_on)["timeline"].data[0].x[-1] > 63
    gate.open(9)
    assert "is_partial" not in list(on_going_on)[-1]["timeline"].layout.meta


def test_another_film_empties_what_was_seen_of_the_one_before(events: Events, long_session: Session) -> None:
    other = events.choose_video(long_session, event(value=events.services.library.examples()[0].id))
    assert other["timeline"] is None
    assert other["caption"] == ""


def test_an_answer_that_fails_leaves_the_last_result_and_says_it_is_old(events: Events, film: Film) -> None:
    session = upload(events, film.path, "Ann's cat.mp4")
    list(events.answer(session, VISITOR))
    update = list(events.answer(session.with_parameter("fps", 0.0), VISITOR))[-1]
    assert "stale" in update["notice"]
    assert "Sampling is 0.0; choose a value from 0.1 to 30" in update["notice"]
    assert not {"timeline", "answers", "moments"} & update.keys()


def test_leaving_a_field_unchanged_asks_nothing_and_going_on_does(events: Events, film: Film) -> None:
    session = upload(events, film.path, "film.mp4")
    assert list(events.answer_change(session, VISITOR))
    assert "session" not in events.set_parameter("fps")(session, 2.0, VISITOR)
    assert list(events.answer_change(session, VISITOR)) == []
    assert list(events.answer(session, VISITOR))
    other = events.set_parameter("fps")(session, 3.0, VISITOR)["session"]
    assert list(events.answer_change(other, VISITOR))
    events.leave(VISITOR)
    assert list(events.answer_change(other, VISITOR))


def test_cancelling_is_answered_at_once(events: Events) -> None:
    update = events.cancel(VISITOR)
    assert texts.STOPPING in update["status"]
    assert update["cancel"]["interactive"] is False


def test_work_on_an_upload_names_it_as_its_visitor_does(
    events: Events, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = upload(events, film.path, "A & B.mp4")
    library_title = events.services.library.get(session.video).title
    is_told = threading.Event()

    def work(session, report):
        report(Progress(1, 2, f"Reading {library_title} with a model"))
        assert is_told.wait(60)
        raise InputError(f"“{library_title}” is damaged near 3.6 s; copy it again.")

    monkeypatch.setattr(events, "_work", work)
    monkeypatch.setattr(module, "QUIET_S", -1.0)
    updates = []
    for update in events.answer(session, VISITOR):
        updates.append(update)
        is_told.set()
    assert "Reading A &amp; B with a model" in updates[0]["status"]
    assert "“A &amp; B” is damaged" in updates[-1]["notice"]
    assert all(library_title not in str(update) for update in updates)


def test_what_went_wrong_names_models_as_the_list_does(
    events: Events, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(session, report):
        raise ModelError("The files of “openai/clip-vit-base-patch32” are not here; choose toyworld-frame or x/nope.")

    monkeypatch.setattr(events, "_work", work)
    update = list(events.answer(upload(events, film.path, "film.mp4"), VISITOR))[-1]
    said = "“CLIP ViT-B/32 (OpenAI)” are not here; choose “Toy world, single frames” or x/nope."
    assert said in update["notice"]


def test_folders_of_one_name_are_told_apart_by_their_paths(settings: Settings, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a/run/best", "b/run/best", "c/other")]
    for folder in folders:
        folder.mkdir(parents=True)
    events = Events(services_for_visitors(replace(settings, models=",".join(map(str, folders)))))
    update = events.choose_model(Session(), event(value=str(folders[0])), VISITOR)
    titles = {model_id: label.removesuffix(", not available") for label, model_id, _ in update["model"]["choices"]}
    assert [titles[str(folder)] for folder in folders] == ["a/run/best", "b/run/best", "other"]
    assert "<dt>b/run/best</dt>" in update["model_note"]


def test_that_closing_the_tab_stops_is_said_of_long_reading_only() -> None:
    reading = Progress(1, 2, "Reading a film")
    assert texts.CLOSING_STOPS in texts.working(reading, 60.0)
    assert texts.CLOSING_STOPS not in texts.working(reading, 59.0)
    assert texts.CLOSING_STOPS not in texts.working(replace(reading, unit="window"), 600.0)
    assert texts.CLOSING_STOPS not in texts.working(reading, None)


def test_a_sentence_that_is_there_already_is_not_added_and_that_is_said(events: Events) -> None:
    session = Session(video=events.services.library.examples()[0].id, model=ENTRY.id, queries=("red", "blue"))
    update = events.add_query(session, event(text="  red "))
    assert update["session"].queries == ("red", "blue")
    assert texts.ALREADY_ASKED in update["notice"]


def test_a_link_to_a_film_that_is_not_there_asks_the_same_of_the_first_one(events: Events) -> None:
    update = events.open(None, asking("video=nope&q=red&q=blue&current=2&tab=who"))
    assert "nope" in update["notice"]
    assert update["session"].queries == ("red", "blue")
    assert update["session"].video == events.services.library.examples()[0].id
    assert update["session"].query == "blue"
    assert update["session"].tab == "who"


def test_a_link_to_a_model_that_is_not_offered_opens_with_the_usual_one(events: Events) -> None:
    update = events.open(None, asking("model=nope&q=red"))
    assert update["session"].model == events.services.settings.default_model
    assert "“nope”" in update["notice"]
    assert update["session"].queries == ("red",)


def test_who_comes_is_shown_the_answer_at_once_where_it_is_kept_and_else_as_soon_as_there_is_one(
    events: Events, film: Film
) -> None:
    address = f"video={upload(events, film.path, 'film.mp4').video}&q=red"
    opened = events.start(None, asking(address))
    session = opened["session"]
    assert session.queries == ("red",)
    assert not opened["timeline"]
    assert list(events.answer_opened(session, VISITOR))[-1]["timeline"]
    assert list(events.answer_opened(session, VISITOR)) == []
    events.leave(VISITOR)
    again = events.start(None, asking(address))
    assert again["session"] == session
    assert again["timeline"]
    assert "so-far" not in again["status"]
    assert list(events.answer_opened(session, VISITOR)) == []


def test_what_is_kept_and_yet_takes_long_is_answered_while_the_page_is_there(
    events: Events, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = upload(events, film.path, "film.mp4")
    assert list(events.answer(session, VISITOR))[-1]["timeline"]
    events.leave(VISITOR)
    work, n_slow = events._work, iter([1.0, 0.0])

    def slowly(session: Session, report: Callable) -> object:
        time.sleep(next(n_slow))
        return work(session, report)

    monkeypatch.setattr(events, "_work", slowly)
    opened = events.start(None, asking(f"video={session.video}&q=red"))
    assert not opened["timeline"]
    assert not opened.get("status")
    *_, last = events.answer_opened(opened["session"], VISITOR)
    assert last["timeline"]
    assert not last["status"]


def test_a_change_to_a_session_that_is_being_opened_leaves_it_alone(events: Events) -> None:
    add = leaving_unopened(events.add_query)
    said = add(Session(), event(text="red"))
    assert "session" not in said
    assert list(events.answer(Session(), VISITOR)) == []
    assert "session" in add(Session(video="x"), event(text="red"))
    assert "alert" in add(Session(), event(text=" "))["notice"]


def test_who_comes_by_a_link_of_nothing_is_told_and_asked_for_a_sentence(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events._page, "suggested", lambda video_id: ())
    opened = events.start(None, asking("video=nope"))
    assert "nope" in opened["notice"]
    assert opened["session"].queries == ()
    *_, last = events.answer_opened(opened["session"], VISITOR)
    assert not last["timeline"]
    assert "notice" not in last


def test_an_empty_field_shows_the_value_that_is_used(events: Events) -> None:
    session = Session(queries=("red",)).with_parameter("fps", 5.0)
    assert events.set_parameter("fps")(session, None, VISITOR)["parameter fps"] == 2.0
    assert events.set_parameter("max_moments")(session, 2.7, VISITOR)["parameter max_moments"] == 2


@pytest.mark.parametrize("sent", ["red", ["red", 2], {"q": "red"}, None])
def test_a_program_sends_a_list_of_sentences(sent: object) -> None:
    with pytest.raises(InputError, match="The queries are not a list of texts"):
        checked_texts(sent, "queries", "a red circle")
    assert checked_texts(["a b", "c"], "queries", "a red circle") == ("a b", "c")


@pytest.mark.parametrize("sent", ["two", "2", None, True, [2]])
def test_a_program_sends_the_rate_as_a_number(sent: object) -> None:
    with pytest.raises(InputError, match="not a number"):
        checked_rate(sent)
    assert checked_rate(2) == 2.0


def test_what_is_in_memory_and_what_it_costs_is_told_with_the_answer(
    events: Events, long_session: Session, gate: Gate
) -> None:
    assert "in memory" not in events.choose_model(long_session, event(value=MODEL_ID), VISITOR)["model_note"]
    gate.open(9)
    update = list(events.answer(long_session, VISITOR))[-1]
    assert "1 model in memory, 605 MB" in update["model_note"]
    assert "605 MB on cpu, encodes 64 at once. Memory ran out with 128 at once." in update["model_note"]
    assert "cpu, float32" in update["facts"]


def test_frames_that_share_a_feature_are_told_of(events: Events, film: Film) -> None:
    session = upload(events, film.path, "film.mp4")
    assert "levels" not in list(events.answer(session, VISITOR))[-1]["facts"]
    update = list(events.answer(session.with_parameter("reuse_below", 2.5), VISITOR))[-1]
    assert "frames that differ by less than 2.5 levels share theirs" in update["facts"]


def test_the_time_axis_of_windows_is_explained(settings: Settings, film: Film, tmp_path: Path) -> None:
    checkpoint = save_tiny_xclip(tmp_path / "tiny-xclip")
    events = Events(services_for_visitors(replace(settings, models=str(checkpoint))))
    session = replace(upload(events, film.path, "film.mp4"), model=str(checkpoint))
    update = list(events.answer(session, VISITOR))[-1]
    assert "13 windows of 4 frames, 1.5 s long, one every 0.5 s." in update["caption"]
    assert "moments are no sharper than about 0.75 s, and the first and last 0.75 s" in update["caption"]
    heat = next(trace for trace in update["timeline"].data if trace.type == "heatmap")
    assert (heat.x[0], heat.x[-1]) == (0.0, 8.0)
    update = list(events.answer(session.with_parameter("fps", 0.5), VISITOR))[-1]
    assert "One window of 4 frames stands for the whole video" in update["caption"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("There is no folder “/data/run”; choose toy.", "There is no folder “run”; choose “Toy world”."),
        ("Name it as ViT-B-32:/data/run, or RN50:openai.", "Name it as ViT-B-32:/data/run, or RN50:openai."),
        ("Merge /data/run/x with toy-2.", "Merge /data/run/x with toy-2."),
    ],
)
def test_a_model_is_named_by_its_title_and_what_only_holds_its_id_is_left(text: str, said: str) -> None:
    named = {"toy": "Toy world", "/data/run": "run", "RN50": "A ResNet"}
    entries = [ModelEntry(id=model_id, title=title, family="clip", where="x") for model_id, title in named.items()]
    assert texts.with_titles(text, entries) == said
