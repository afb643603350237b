"""Who made the score, for one visitor, without a browser: what is played when, and what is never begun unasked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from tests.films import BLUE, GREEN, RED, write_film
from tests.gated import MODEL_ID, Gate, register_gated_model
from tests.tiny_checkpoints import save_tiny_xclip
from workbench.analyses.attribute import Attribute
from workbench.analyses.ground import Ground, clock
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.models.adapter_template import ENTRY
from workbench.models.entry import ModelEntry
from workbench.settings import Settings
from workbench.types.outcome import Progress
from workbench.ui.gradio import attribution_texts, texts
from workbench.ui.gradio import working as module
from workbench.ui.gradio.api import make_attribute
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.session import Session, session_from_address

VISITOR = gr.Request(session_hash="ann")


@pytest.fixture
def session(events: Events, tmp_path: Path) -> Session:
    """Return a question on eight seconds of red, then of green, then of blue, with the instrument open."""
    film = write_film(tmp_path / "film.mp4", [(3, RED), (3, GREEN), (2, BLUE)])
    arrived = events.receive(gr.FileData(path=str(film.path), orig_name="film.mp4"))["arrived"]
    return Session(video=arrived.id, model=ENTRY.id, queries=("a red wall", "blue"), tab="who")


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def explained(events: Events, session: Session) -> dict:
    """Return the last update of an explanation after its answer."""
    list(events.answer(session, VISITOR))
    return list(events.explain(session, VISITOR))[-1]


def bars(update: dict) -> dict[str, float]:
    """Return the values of the frames by their instants."""
    trace = update["values"].data[0]
    return {label: float(told.split(" ")[0]) for label, told in trace.customdata}


def test_the_explanation_names_the_word_and_the_frames(events: Events, session: Session) -> None:
    update = explained(events, session)
    assert "Without “red” the span&#x27;s lead over the video falls by" in update["words_text"]
    assert "Exact over all 8 coalitions" in update["words_text"]
    assert "from 0:00.0 to 0:02.8" in update["values_text"]
    values = bars(update)
    assert min(values[f"0:0{s}"] for s in ("0.0", "1.0", "2.0")) > max(values[f"0:0{s}"] for s in ("4.0", "5.0", "7.0"))
    assert "Where “red” is in the sentence, the frame at 0:0" in update["cells_text"]
    assert "patches" not in update  # those are asked for by themselves, and stay


def test_nothing_is_explained_before_it_is_asked_for_and_read(events: Events, session: Session) -> None:
    assert list(events.explain(session, VISITOR)) == []  # never read
    list(events.answer(session, VISITOR))
    assert list(events.explain(replace(session, tab="moments"), VISITOR)) == []
    assert list(events.explain(replace(session, queries=()), VISITOR)) == []
    assert list(events.explain(session, VISITOR)) != []


def test_a_stopped_film_is_not_read_on_to_be_explained(
    events: Events, services: Services, session: Session, tmp_path: Path
) -> None:
    gate = Gate(tmp_path / "gate")
    register_gated_model(services, gate)
    asked = replace(session, model=MODEL_ID).with_parameter("fps", 20.0)  # three chunks
    answer = events.answer(asked, VISITOR)
    next(answer)
    assert list(events.explain(asked, VISITOR)) == []  # while it is read
    events.cancel(VISITOR)
    gate.open()
    list(answer)
    assert list(events.explain(asked, VISITOR)) == []  # what was stopped is not begun again


def test_the_first_answer_is_not_pushed_aside(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening an address that names the tab selects it while the answer is on its way."""
    list(events.answer(session, VISITOR))
    monkeypatch.setattr(module, "QUIET_S", 0.0)

    def work(session, report):
        for step in range(4):
            report(Progress(step, 4, "on and on"))
            assert list(events.explain(session, VISITOR)) == []
        return original(session, report)

    original = events._work
    monkeypatch.setattr(events, "_work", work)
    assert "timeline" in list(events.answer(session, VISITOR))[-1]


@pytest.mark.parametrize("sent", [{"id": "nowhere"}, {"id": ["who"]}, {}])
def test_a_tab_that_is_none_changes_nothing(events: Events, session: Session, sent: dict) -> None:
    assert events.choose_tab(session, event(**sent)) == {}


def test_a_tab_is_chosen_once_a_session_was_opened(events: Events, session: Session) -> None:
    assert events.choose_tab(Session(), event(id="who")) == {}
    chosen = events.choose_tab(session, event(id="who"))
    assert chosen["session"] == replace(session, tab="who")
    assert "tab=who" in chosen["address"]


def test_an_answer_is_shown_before_it_is_explained(events: Events, session: Session) -> None:
    """The tab that an address names is selected while the answer is on its way: neither may push the other aside."""
    answer = events.answer(session, VISITOR)
    last: dict = {}
    shown = events._page.result

    def result(*made):
        last.update(shown(*made))
        return last

    events._page.result = result
    for update in answer:
        if last:
            assert list(events.explain(session, VISITOR)) == []
            assert "timeline" in update
    assert last
    assert list(events.explain(session, VISITOR)) != []


def test_parts_open_and_close(events: Events, session: Session) -> None:
    shown = explained(events, session)
    assert attribution_texts.PARTS_KEY in shown["values_text"]
    assert "Parts of the video" in [text.text for text in shown["values"].layout.annotations]
    opened = events.who.open_part(session, event(query=1, at_s=1.0), VISITOR)["session"]
    assert opened.opened == (1,)
    assert len(list(events.explain(opened, VISITOR))[-1]["values"].layout.meta["rows"]) == 3
    closed = events.who.open_part(opened, event(query=1, at_s=1.0), VISITOR)["session"]
    assert closed.opened == ()
    assert len(list(events.explain(closed, VISITOR))[-1]["values"].layout.meta["rows"]) == 2
    assert events.who.open_part(session, event(query=0, at_s=1.0), VISITOR) == {"session": session}


def test_another_span_has_another_tree(events: Events, session: Session) -> None:
    explained(events, session)
    opened = replace(session, opened=(5,))
    chosen = events.select_span(opened, event(start_s=3.0, end_s=4.0), VISITOR)["session"]
    assert chosen.opened == ()
    assert "words" in list(events.explain(chosen, VISITOR))[-1]


def test_a_part_of_a_film_that_was_not_read_opens_nothing(events: Events, session: Session) -> None:
    assert events.who.open_part(session, event(query=1, at_s=1.0), VISITOR) == {"session": session}


def test_an_explanation_is_not_drawn_under_another_sentence(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, VISITOR))
    explain = events.who._explained.explain

    def slow(session, report):
        events.select_row(replace(session, tab="moments"), event(query=1), VISITOR)  # meanwhile
        return explain(session, lambda progress: None)

    monkeypatch.setattr(events.who._explained, "explain", slow)
    assert not any("words" in update for update in events.explain(session, VISITOR))


def test_what_was_stopped_while_it_was_compared_is_not_explained(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, VISITOR))
    work = events._work

    def stopped(session, report):
        events.cancel(VISITOR)
        return work(session, report)

    monkeypatch.setattr(events, "_work", stopped)
    assert "resume" in list(events.answer(session, VISITOR))[-1]
    assert list(events.explain(session, VISITOR)) == []


def test_the_moment_that_is_explained_is_the_one_on_show(events: Events, services: Services, session: Session) -> None:
    told = []
    for smoothing_s in (0.0, 4.0):
        smoothed = session.with_parameter("smoothing_s", smoothing_s)
        shown = Ground().run(services, smoothed.params()).result.moments[0][0]
        told.append(f"from {clock(shown.start_s)} to {clock(shown.end_s)}, less that of the whole video")
        assert told[-1] in explained(events, smoothed)["words_text"]
    assert told[0] != told[1]


def test_a_field_that_is_left_as_it_was_changes_nothing(events: Events, session: Session) -> None:
    update = events.set_parameter("smoothing_s")(session, session.params().smoothing_s, VISITOR)
    assert update.keys() == {"parameter smoothing_s", "notice"}


@pytest.mark.parametrize("sent", [{"query": 7, "at_s": 1.0}, {"query": True, "at_s": 1.0}, {"at_s": 1.0}, {}])
def test_a_row_that_is_not_there_is_refused(events: Events, session: Session, sent: dict) -> None:
    explained(events, session)
    assert "no longer there" in events.who.open_part(session, event(**sent), VISITOR)["notice"]


@pytest.mark.parametrize("at_s", [-5.0, 1e12, "1", None, True])
def test_an_instant_outside_the_film_opens_nothing(events: Events, session: Session, at_s: object) -> None:
    explained(events, session)
    assert events.who.open_part(session, event(query=1, at_s=at_s), VISITOR)["session"].opened == ()


def test_another_sentence_film_or_model_forgets_the_explanation(events: Events, session: Session) -> None:
    explained(events, session)
    elsewhere = replace(session, tab="moments", opened=(1,))
    assert events.select_row(elsewhere, event(query=1), VISITOR)["values"] is None
    assert events.select_span(elsewhere, event(start_s=1.0, end_s=2.0), VISITOR)["cells"] is None
    changed = events.choose_model(elsewhere, event(value=ENTRY.id), VISITOR)
    assert changed["words"] == ""
    assert changed["session"].opened == ()
    first = events.services.library.examples()[0].id
    assert events.choose_video(elsewhere, event(value=first))["session"].opened == ()


def test_a_selected_span_is_what_is_explained(events: Events, session: Session) -> None:
    list(events.answer(session, VISITOR))
    chosen = events.select_span(session, event(start_s=3.0, end_s=6.0), VISITOR)["session"]
    update = list(events.explain(chosen, VISITOR))[-1]
    assert "mean cosine from 0:03.0 to 0:06.0, less that of the whole video".lower() in update["words_text"].lower()
    assert set(bars(update)) == {"0:03.0", "0:03.5", "0:04.0", "0:04.5", "0:05.0", "0:05.5"}


def test_patches_of_the_picture_on_show(events: Events, session: Session) -> None:
    list(events.answer(session, VISITOR))
    update = list(events.who.explain_patches(session, 1.0, VISITOR))[-1]
    figure = update["patches"]
    assert len(figure.layout.shapes) == 49
    assert figure.layout.images[0].source.startswith("data:image/jpeg;base64,")
    assert "Estimated from" in update["patches_text"]
    assert "frame at 0:01.0" in update["patches_text"]


def test_patches_tell_how_far_they_are_and_go_on_from_where_they_were_stopped(
    events: Events, services: Services, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pictures, of nothing and of all, are encoded first, then 32 at a time."""
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    gate = Gate(tmp_path / "gate")
    register_gated_model(services, gate)
    asked = replace(session, model=MODEL_ID, budget=300)
    gate.open()
    list(events.answer(asked, VISITOR))
    model = services.models.load(MODEL_ID)
    n_given, encode = [], model.encode_frames

    def counted(frames):
        n_given.append(len(frames.pixels))
        return encode(frames)

    monkeypatch.setattr(model, "encode_frames", counted)
    gate.open(3)
    for update in events.who.explain_patches(asked, 1.0, VISITOR):
        if "66 of 301" in update["patches_text"]:
            assert '<progress max="1" value="0.2193" ' in update["patches_text"]
            assert update["stop_patches"]["visible"]
            assert not events.stop("stop_patches")(VISITOR)["stop_patches"]["interactive"]
            gate.open()  # what is being encoded comes to its end
    assert "Stopped. What was encoded is kept" in update["patches_text"]
    assert not update["stop_patches"]["visible"]
    assert "patches" not in update
    assert n_given == [2, 32, 32, 32]
    gate.open(20)
    update = list(events.who.explain_patches(asked, 1.0, VISITOR))[-1]
    assert "Estimated from 300 evaluations" in update["patches_text"]
    assert sum(n_given) == 301, "each coalition once, and all but who leads"


@pytest.mark.parametrize("at_s", ["x", None, float("nan"), -1.0, [1], 10**400])
def test_a_time_that_is_none_is_the_beginning(events: Events, session: Session, at_s: object) -> None:
    list(events.answer(session, VISITOR))
    assert "frame at 0:00.0" in list(events.who.explain_patches(session, at_s, VISITOR))[-1]["patches_text"]


def test_sound_may_go_on_after_the_last_frame(events: Events, session: Session) -> None:
    list(events.answer(session, VISITOR))
    assert "frame at 0:07.5" in list(events.who.explain_patches(session, 8.5, VISITOR))[-1]["patches_text"]


def test_patches_are_not_explained_of_a_film_that_was_not_read(events: Events, session: Session) -> None:
    assert texts.NOT_READ in list(events.who.explain_patches(session, 1.0, VISITOR))[-1]["patches_text"]
    nothing = replace(session, queries=())
    assert "Type what should be seen" in list(events.who.explain_patches(nothing, 1.0, VISITOR))[-1]["patches_text"]


def test_the_budget_is_kept_to(events: Events, session: Session) -> None:
    list(events.answer(session, VISITOR))
    for value in (-1, 1e9, float("inf"), float("nan")):
        assert "choose a value from 0 to" in events.who.set_budget(session, value)["notice"]
    few = events.who.set_budget(session, 250)["session"]
    assert "250 evaluations" in list(events.who.explain_patches(few, 1.0, VISITOR))[-1]["patches_text"]
    scarce = events.who.set_budget(session, 20)["session"]
    assert "raise it to that" in list(events.who.explain_patches(scarce, 1.0, VISITOR))[-1]["patches_text"]
    assert events.who.set_budget(few, None)["session"].budget == 0


def test_how_players_are_left_out_is_a_choice(events: Events, session: Session) -> None:
    list(events.answer(session, VISITOR))
    grey = events.who.set_absent(session, event(value="grey"))["session"]
    assert "painted grey" in list(events.who.explain_patches(grey, 1.0, VISITOR))[-1]["patches_text"]
    assert "choose mean, grey, blur or held" in events.who.set_absent(session, event(value="<script>"))["notice"]


def test_a_model_of_windows_explains_the_frames_of_one(events: Events, session: Session, tmp_path: Path) -> None:
    save_tiny_xclip(tmp_path / "xclip")
    entry = ModelEntry(id="tiny-xclip", title="Tiny X-CLIP", family="xclip", where=str(tmp_path / "xclip"))
    events.services.models.register(entry)
    update = explained(events, replace(session, model="tiny-xclip", absent="blur"))  # which is of patches alone
    assert "reads" in update["values_text"]
    assert "at once" in update["values_text"]
    assert len(update["values"].layout.meta["rows"]) == 1  # no tree
    assert update["cells"] is not None


def test_the_download_is_of_what_is_on_show(events: Events, session: Session) -> None:
    list(events.answer(session, VISITOR))
    download = events.export(session, VISITOR)["download"]
    answers = json.loads(download["text"])
    assert download["name"].startswith("attribute-")
    assert len(answers[0]["players"]) == 3
    assert all(np.isfinite(answer["values"]).all() for answer in answers)
    assert "queries" in json.loads(events.export(replace(session, tab="moments"), VISITOR)["download"]["text"])


def test_the_address_names_the_tab(session: Session, settings: Settings) -> None:
    assert "tab=who" in session.address()
    assert "tab" not in replace(session, tab="moments").address()
    assert session_from_address({"tab": ["who"]}, Session(), settings).tab == "who"
    assert session_from_address({"tab": ["elsewhere"]}, Session(), settings).tab == "moments"


def test_the_verb_for_programs(services: Services, events: Events, session: Session) -> None:
    attribute = make_attribute(services, events.lines)
    found = attribute(session.video, "a red wall", ENTRY.id, "words", 2.0)
    assert [player["label"] for player in found["players"]] == ["a", "red", "wall"]
    assert found["values"][1] == max(found["values"])
    for arguments, said in (
        ((session.video, "red", ENTRY.id, "everybody"), "choose frames, words"),
        (("../../etc/passwd", "red", ENTRY.id, "words"), "video"),
    ):
        with pytest.raises(gr.Error, match=said):
            attribute(*arguments)


def test_one_sentence_is_explained_at_a_time(services: Services, session: Session) -> None:
    params = replace(session.game("words"), queries=("red", "blue"))
    with pytest.raises(InputError, match="One sentence is explained at a time"):
        Attribute().run(services, params)
