"""What can be read from a space, for one visitor, without a browser: clips, a second model, a file of labels."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from tests.app.test_events import asking
from tests.films import BLUE, GREEN, RED, write_film
from workbench.analyses import toy_clips
from workbench.media.encode import write_video
from workbench.models.adapter_template import ENTRY
from workbench.ui.gradio import brought_files, examine_texts, label_files, space_texts, texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.offers import OFFERS
from workbench.ui.gradio.session import Session

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
COUNT = 16
SECOND = replace(ENTRY, id="colour-again", title="Colour <again>")


@pytest.fixture
def events(services, monkeypatch: pytest.MonkeyPatch) -> Events:
    """Return events that draw few films, with the colour model under two names."""
    monkeypatch.setattr(toy_clips, "COUNT", COUNT)
    services.models.register(SECOND)
    return Events(services)


@pytest.fixture
def session(events: Events, tmp_path: Path) -> Session:
    """Return a question of a visitor with four films of two colours each, on which nothing was asked."""
    films = {}
    for at, colours in enumerate(((RED, GREEN), (GREEN, BLUE), (BLUE, RED), (RED, BLUE))):
        path = write_film(tmp_path / f"film{at}.mp4", [(2, colour) for colour in colours]).path
        films[events.receive(gr.FileData(path=str(path), orig_name=path.name))["arrived"].id] = f"film{at}"
    return Session(video=next(iter(films)), model=ENTRY.id, uploads=films, tab="space", parameters={"fps": 1.0})


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def examined(events: Events, session: Session, request: gr.Request = ANN) -> dict:
    """Return all that the section shows at the end."""
    shown: dict = {}
    for update in events.examine.examine(session, request):
        shown |= update
    return shown


def brought(events: Events, session: Session, path: Path, text: str | bytes, request: gr.Request = ANN) -> dict:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return events.examine.receive(session, gr.FileData(path=str(path), orig_name=path.name), request)


def rows_of(session: Session) -> str:
    colours = ("red green", "green blue", "blue red", "red blue")
    rows = [
        {"vid": title, "start_s": 2 * at, "end_s": 2 * at + 2, "labels": {"<b>": name}, "caption": f"something {name}"}
        for title, pair in zip(session.uploads.values(), colours, strict=True)
        for at, name in enumerate(pair.split())
    ]
    return "".join(json.dumps(row) + "\n" for row in rows)


def chosen(session: Session, clips: str) -> Session:
    return replace(session, clips=clips)


# -- clips ------------------------------------------------------------------------------------------------------------


def test_films_of_the_toy_world_are_drawn_once_and_are_on_nobodys_list(events: Events, session: Session) -> None:
    opened = events.open([], asking(""))
    assert opened["examine_clips"]["value"] == "toyworld"
    assert opened["examine_text"] == ""
    home = events.services.settings.home
    assert not (home / "toyworld").exists()  # nothing is done before the button is pressed
    shown = examined(events, session)
    assert "Colour histogram, 16 clips of 16 videos: “colour” is" in shown["examine_text"]
    assert shown["examine_figure"].layout.annotations[2].text == "<b>action</b>"
    assert "clips, by their sentences" in shown["examine_numbers"]
    [folder] = (home / "toyworld").iterdir()
    films = {path: path.stat().st_mtime_ns for path in folder.glob("*.mp4")}
    assert len(films) == COUNT
    assert examined(events, session)["examine_text"] == shown["examine_text"]
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.mp4")} == films
    listed = events.choose_video(session, event(value=session.video))["video"]["choices"]
    assert not [title for title, _, _ in listed if "clip" in title]


def test_an_examination_is_taken_away_as_json_and_as_a_page(events: Events, session: Session, tmp_path: Path) -> None:
    """By the button that takes away all that is on show: with the map, or, where no sentence leads to one, alone."""
    changed = events.examine.choose_clips(session, event(value="file"), ANN)
    assert "clips=file" in changed["address"]
    brought(events, session, tmp_path / "rows.jsonl", rows_of(session))
    asked = replace(changed["session"], space=replace(session.space, other=SECOND.id))
    assert space_texts.NOT_ON_SHOW in events.export(asked, ANN)["notice"]
    examined(events, asked)
    answer = json.loads(events.export(asked, ANN)["download"]["text"])
    assert list(answer) == ["examinations"]
    found = answer["examinations"]
    assert [each["title"] for each in found] == [ENTRY.title, SECOND.title]
    assert {each["provenance"]["video_title"] for each in found} == {"film0"}  # as its visitor calls it
    sent = events.export(asked, ANN, {"format": "html"})["download"]
    page = OFFERS.find(sent["url"].rsplit("/", 1)[1]).content.decode()
    assert "Plotly.newPlot" in page
    assert "Colour &lt;again&gt;" in page
    assert space_texts.NOT_ON_SHOW in events.export(asked, BOB)["notice"]
    cleared = events.examine.choose_clips(asked, event(value="moments"), ANN)["session"]
    assert space_texts.NOT_ON_SHOW in events.export(cleared, ANN)["notice"]


def test_an_examination_is_taken_away_beside_the_map(events: Events, session: Session) -> None:
    asked = replace(session, queries=("red",), clips="file")
    for step in (events.answer, events.explain):
        list(step(asked, ANN))
    brought(events, asked, Path(events.services.settings.home) / "rows.jsonl", rows_of(session))
    assert "examinations" not in json.loads(events.export(asked, ANN)["download"]["text"])
    examined(events, asked)
    assert {"points", "examinations"} <= json.loads(events.export(asked, ANN)["download"]["text"]).keys()


def test_what_was_examined_with_other_models_is_not_taken_away_with_a_map(events: Events, session: Session) -> None:
    brought_rows = chosen(session, "file")
    brought(events, session, Path(events.services.settings.home) / "rows.jsonl", rows_of(session))
    examined(events, brought_rows)
    assert len(events.examine.answers(brought_rows, "ann")) == 1
    for other in (
        replace(brought_rows, model=SECOND.id),
        replace(brought_rows, space=replace(session.space, other=SECOND.id)),
        replace(brought_rows, parameters={"fps": 2.0}),
    ):
        assert events.examine.answers(other, "ann") == []
    assert events.examine.answers(brought_rows, "bob") == []


def test_drawing_that_was_stopped_leaves_nothing_half_done(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw_slowly(*args: Any) -> None:
        time.sleep(0.2)
        write_video(*args)

    monkeypatch.setattr(toy_clips, "write_video", draw_slowly)
    working = events.examine.examine(session, ANN)
    for update in working:
        if "Drawing films" in update.get("examine_said", ""):
            assert update["stop_examine"]["visible"]
            events.stop("stop_examine")(ANN)
            break
    assert "Stopped." in list(working)[-1]["examine_said"]
    assert list((events.services.settings.home / "toyworld").iterdir()) == []


def test_true_moments_are_found_by_their_sentences(events: Events, session: Session) -> None:
    shown = examined(events, chosen(replace(session, parameters={"fps": 0.25}), clips="moments"))
    n_known = sum(
        len(row["windows"])
        for video in events.services.library.examples()
        for row in events.services.library.truth_for(video.id)
    )
    assert f"{n_known} clips of 4 videos" in shown["examine_text"]
    assert "may overlap" in shown["examine_text"]
    assert "whisker" not in shown["examine_text"]  # no label was read


# -- a second model ---------------------------------------------------------------------------------------------------


def test_two_models_stand_side_by_side_under_the_titles_of_the_list(
    events: Events, session: Session, tmp_path: Path
) -> None:
    changed = events.pair.choose_other(session, event(value=SECOND.id), ANN)
    assert changed["pair_other"]["value"] == SECOND.id
    asked = chosen(changed["session"], clips="file")
    brought(events, session, tmp_path / "rows.jsonl", rows_of(session))
    shown = examined(events, asked)
    assert shown["examine_text"].count("<li") == 2
    assert "Colour &lt;again&gt;, 8 clips of 4 videos" in shown["examine_text"]
    assert "<again>" not in shown["examine_text"] + shown["examine_numbers"]
    assert "<b>”" not in shown["examine_text"]
    assert [trace.name for trace in shown["examine_figure"].data] == [
        "Colour histogram", "Colour &lt;again&gt;", "chance"
    ]  # fmt: skip


def test_another_model_clears_what_was_examined_and_is_not_held_against_itself(
    events: Events, session: Session
) -> None:
    session = events.pair.choose_other(session, event(value=SECOND.id), ANN)["session"]
    changed = events.choose_model(session, event(value=SECOND.id), ANN)
    assert (changed["examine_text"], changed["examine_figure"]) == ("", None)
    assert changed["pair_other"]["value"] == ""
    assert SECOND.id not in [model_id for _, model_id, _ in changed["pair_other"]["choices"]]
    changed = events.set_parameter("fps")(session, 2.5, ANN)
    assert (changed["examine_text"], changed["examine_figure"]) == ("", None)
    assert "examine_text" not in events.add_query(session, event(text="red"))  # on which nothing hangs
    for choose, part in ((events.examine.choose_clips, "examine_said"), (events.pair.choose_other, "pair_said")):
        assert "not offered" in choose(session, event(value="nonesuch"), ANN)[part]


def test_another_model_or_method_ends_the_examination_at_once_and_says_so(events: Events, session: Session) -> None:
    for change in (
        lambda: events.choose_model(session, event(value=SECOND.id), ANN),
        lambda: events.set_parameter("fps")(session, 2.5, ANN),
    ):
        bobs = events.jobs.start("bob", Job(lambda report: None, "examine"))
        anns = events.jobs.start("ann", Job(lambda report: None, "examine"))
        changed = change()
        assert anns.is_stopped
        assert not events.jobs.is_running("ann", "examine")
        assert texts.DROPPED in changed["examine_text"]
        assert not changed["stop_examine"]["visible"]
        assert changed["session"] != session
        assert not bobs.is_stopped


# -- a file of labels -------------------------------------------------------------------------------------------------


def test_a_file_is_of_its_visitor_alone_and_forgotten_when_they_go(
    events: Events, session: Session, tmp_path: Path
) -> None:
    asked = chosen(session, clips="file")
    assert "rows.jsonl: 8 clips of 4 videos." in brought(
        events, asked, tmp_path / "rows.jsonl", rows_of(session)
    )["examine_file_text"]  # fmt: skip
    assert "8 clips of 4 videos" in examined(events, asked)["examine_text"]
    assert examine_texts.NO_FILE in examined(events, asked, BOB)["examine_said"]
    events.leave(ANN)
    assert examine_texts.NO_FILE in examined(events, asked)["examine_said"]


def test_no_video_of_another_is_named_by_its_title(events: Events, session: Session, tmp_path: Path) -> None:
    bobs = replace(session, uploads={}, video=events.services.library.examples()[0].id)
    said = brought(events, bobs, tmp_path / "rows.jsonl", rows_of(session), BOB)["examine_file_text"]
    assert "No video of yours is called “film0”" in said
    own = json.dumps({"vid": events.services.library.examples()[1].title, "caption": "red"}) + "\n"
    assert "1 clip of 1 video." in brought(events, bobs, tmp_path / "own.jsonl", own, BOB)["examine_file_text"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "There is no row in rows.jsonl"),
        (b"\xff\xfe\x00", "is not text"),
        ("{}", "has no &#x27;vid&#x27;"),
        ("[" * 100_000, "is not readable JSON"),
        ('{"vid": "/etc/passwd"}', "No video of yours is called “/etc/passwd”"),
        ('{"vid": "<script>"}', "“&lt;script&gt;”"),
        (json.dumps({"vid": "film0", "start_s": 9}), "correct &#x27;start_s&#x27;"),
        (json.dumps({"vid": "film0", "labels": {"a": "b" * 99}}), "more than 80 letters"),
        (json.dumps({"vid": "film0", "labels": {str(n): "b" for n in range(13)}}), "13 labels"),
        ("\n".join(json.dumps({"vid": "film0", "labels": {"a": n}}) for n in range(51)), "51 values"),
        ('{"vid": "film0"}\n' * (label_files.MOST_ROWS + 1), "2,001 rows"),
        (" " * (brought_files.MOST_BYTES + 1), "larger than 5 MB"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_wrong_with_a_file_is_said_in_one_sentence(
    events: Events, session: Session, tmp_path: Path, text: str | bytes, named: str
) -> None:
    said = brought(events, session, tmp_path / "rows.jsonl", text)["examine_file_text"]
    assert said.count("notice error") == 1
    assert named in said


def test_one_film_under_one_name(events: Events, session: Session, tmp_path: Path) -> None:
    alike = replace(session, uploads=dict.fromkeys(session.uploads, "film0"))
    said = brought(events, alike, tmp_path / "rows.jsonl", '{"vid": "film0"}')["examine_file_text"]
    assert "More than one video of yours is called “film0”" in said


def test_nothing_is_pushed_aside(events: Events, session: Session) -> None:
    job = events.jobs.start("ann", Job(lambda report: None, "answer"))
    assert texts.OCCUPIED in examined(events, session)["examine_said"]
    assert not job.is_stopped
    events.jobs.end("ann", job)
    assert examine_texts.NO_FILE in examined(events, chosen(session, clips="file"))["examine_said"]
