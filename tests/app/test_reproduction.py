"""What is on the screen is made again: the very command and the very Python are run, and give the very numbers.

Of every instrument, with choices that differ from the usual ones. The models know colours, or are the bundled ones.
"""

from __future__ import annotations

import json
import runpy
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from tests.colour_models import SECOND, offer_both
from tests.films import BLUE, GRAY, GREEN, RED, write_film
from workbench.__main__ import main
from workbench.analyses import toy_clips
from workbench.models import builtin
from workbench.models.adapter_template import ENTRY, ColourHistogram
from workbench.models.entry import Family, ModelEntry
from workbench.settings import Settings
from workbench.ui.answered import Answered
from workbench.ui.exports.arrays import arrays_of
from workbench.ui.gradio import texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.page import services_for_visitors
from workbench.ui.gradio.session import Session

ANN = gr.Request(session_hash="ann")
FILM, OTHER = "Ann's film.mp4", "-other.mp4"
PAIRS = replace(ENTRY, id="pairs", title="Pairs", family="pairs")


class Pairs(ColourHistogram):
    """Says that a frame's feature depends on its neighbours."""

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        super().__init__(entry, settings)
        self.spec = replace(self.spec, frame_independent=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which a visitor has their films, and types."""
    offer_both(monkeypatch, tmp_path / "home")
    entries = builtin.entries
    monkeypatch.setattr(builtin, "FAMILIES", (*builtin.FAMILIES, Family(name="pairs", load=Pairs)))
    monkeypatch.setattr(builtin, "entries", lambda folder: (*entries(folder), PAIRS))
    monkeypatch.setattr(toy_clips, "COUNT", 16)
    monkeypatch.setattr(toy_clips, "COUNT_IN_ORDER", 4)
    folder = tmp_path / "mine"
    folder.mkdir()
    write_film(folder / FILM, [(3.0, RED), (2.0, GREEN), (2.0, BLUE)])
    write_film(folder / OTHER, [(2.0, GRAY), (2.0, BLUE)])
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def events(folder: Path) -> Events:
    return Events(services_for_visitors(Settings.from_environment()))


@pytest.fixture
def session(events: Events, folder: Path) -> Session:
    """Return a question of a visitor with two films of their own."""
    session = Session(model=ENTRY.id, queries=("a red wall", '-blue "o\'clock"'))
    session = replace(session, video=events.services.library.examples()[0].id)
    for name in (OTHER, FILM):
        arrived = events.receive(gr.FileData(path=str(folder / name), orig_name=name))["arrived"]
        session = events.show_upload(session, arrived)["session"]
    return replace(session, queries=("a red wall", '-blue "o\'clock"'))


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def on_show(events: Events, session: Session) -> list[Answered]:
    """Return the answers that are on show once the page has worked out what a session asks for."""
    for step in (events.answer, events.explain):
        list(step(session, ANN))
    return answers(events, session)


def answers(events: Events, session: Session) -> list[Answered]:
    return events._answers(session, "ann")


def numbers(value: Any) -> Any:
    """Return the numbers of an answer in JSON: what films and models are called differs between two people.

    So does what had to be encoded, where much is kept.
    """
    if isinstance(value, dict):
        return {name: numbers(item) for name, item in value.items() if name not in ("provenance", "n_encoded")}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return None if isinstance(value, str) else value


def assert_made_again(events: Events, session: Session, shown: list[Answered], folder: Path) -> dict[str, Any]:
    """Run the command lines and the Python that the page tells, and compare; return what it tells."""
    told = events.reproduce(session, ANN)["reproduction"]
    commands = told["command"].split("\n")
    assert len(commands) == len(shown)
    exported = outcomes_in(json.loads(events.export(session, ANN)["download"]["text"]))
    for number, (command, own) in enumerate(zip(commands, exported, strict=True)):
        program, *words = shlex.split(command)
        assert (program, *words[:2]) == (".venv/bin/python", "-m", "workbench")
        file = folder / f"answer-{number}.json"
        assert main([*words[2:], "--json", str(file)]) == 0, command
        made = json.loads(file.read_text())
        [made] = made.get("probes") or made.get("examinations") or [made]
        assert numbers(made) == numbers(own)
        for name in ("analysis", "video_id", "model_id", "parameters", "sampling", "seed", "command"):
            assert made["provenance"][name] == own["provenance"][name], (name, command)
        assert own["provenance"]["command"] == command
    script = folder / "again.py"
    script.write_text(told["python"])
    names = runpy.run_path(str(script))
    again = names["answers"] if len(shown) > 1 else [names["answer"]]
    for made, answer in zip(again, shown, strict=True):
        here, there = arrays_of(made.result), arrays_of(answer.outcome.result)
        assert here.keys() == there.keys()
        for name, array in here.items():
            if array.dtype.kind != "U" and name != "n_encoded":
                np.testing.assert_array_equal(array, there[name], name)
        assert made.provenance.parameters == answer.outcome.provenance.parameters
    return told


def outcomes_in(exported: Any) -> list[dict[str, Any]]:
    """Return the outcomes of the page's JSON, in the order in which they are on show."""
    if isinstance(exported, list):
        return exported
    others = [exported.pop(name) for name in ("agreement", "compare") if name in exported]
    others += exported.pop("examinations", []) + exported.pop("probes", [])
    return ([exported] if exported else []) + others


def check(events: Events, session: Session, folder: Path) -> dict[str, Any]:
    return assert_made_again(events, session, on_show(events, session), folder)


def test_moments(events: Events, session: Session, folder: Path) -> None:
    for name, value in (("fps", 4.0), ("smoothing_s", 1.5), ("error_rate", 0.05), ("max_moments", 3)):
        session = session.with_parameter(name, value)
    told = check(events, session, folder)
    assert "--fps 4.0 --smoothing-s 1.5 --error-rate 0.05 --max-moments 3" in told["command"]
    assert told["notes"] == [f"{FILM} is your file: put it in that folder, or write its path."]
    assert '--query=-blue "o\'clock"' in shlex.split(told["command"])  # by itself it would be taken for a flag
    usual = check(events, replace(session, parameters={}, queries=("a red wall",)), folder)
    assert usual["command"].endswith(f"""ground 'Ann'"'"'s film.mp4' --query 'a red wall' --model {ENTRY.id}""")


def test_moments_of_an_example_and_of_a_film_of_which_only_the_id_is_known(
    events: Events, session: Session, folder: Path
) -> None:
    example = replace(session, video=events.services.library.get("toy-test-72-000").id, uploads={}, files={})
    assert " ground toy-test-72-000 --query" in check(events, example, folder)["command"]
    told = check(events, replace(session, uploads={}, files={}), folder)
    assert f" ground {session.video} " in told["command"]
    assert told["notes"] == [
        f"{session.video[:12]} is known on this machine alone: elsewhere, write the path of that video's file."
    ]


def test_who_made_it(events: Events, session: Session, folder: Path) -> None:
    session = replace(session, tab="who", span_s=(0.5, 4.0), opened=(1,), absent="grey", budget=300)
    shown = on_show(events, session)
    assert [answer.asked.params.players for answer in shown] == [
        "words", "phrases", "frames", "frames+words", "events", "events",
    ]  # fmt: skip
    list(events.who.explain_patches(session, 1.0, ANN))
    shown = answers(events, session)
    assert shown[-1].asked.params.players == "patches"
    told = assert_made_again(events, session, shown, folder)
    assert "--players patches --at 1.0 --budget 300 --absent grey" in told["command"]
    changed = events.who.set_budget(session, 40)["session"]
    assert "--budget 40" not in events.reproduce(changed, ANN)["reproduction"]["command"]  # it is for the next game


def test_where_it_looked(events: Events, folder: Path) -> None:
    video = events.services.library.get("toy-test-72-002").id
    queries = ("a red circle", "a purple star")
    session = Session(video=video, model="toyworld-frame", queries=queries, span_s=(39.0, 39.6), tab="look")
    on_show(events, session)
    list(events.maps.test(session, {"at_s": 39.0}, ANN))
    shown = answers(events, session)
    assert shown[0].outcome.result.evidence is not None
    told = assert_made_again(events, session, shown, folder)
    assert "--method relevance --start 39.0 --end 39.6 --evidence --contrast 'a purple star'" in told["command"]


def test_where_it_looked_for_one_word_and_by_all_methods(events: Events, session: Session, folder: Path) -> None:
    session = replace(session, tab="look", span_s=(0.0, 0.9))
    on_show(events, session)
    list(events.maps.compare(session, {"at_s": 0.5}, ANN))
    shown = answers(events, session)
    assert [answer.asked.params.method for answer in shown] == ["occlusion", "all"]
    assert_made_again(events, session, shown, folder)
    picked = replace(session, picked=(session.query, 1))
    told = check(events, picked, folder)
    assert "--query red " in told["command"]


def test_the_space_of_one_film(events: Events, session: Session, folder: Path) -> None:
    space = replace(session.space, map="pca3", through=("red", "blue"), is_path=True, colour="group")
    told = check(events, replace(session, tab="space", space=space, parameters={"reuse_below": 1.0}), folder)
    assert "--through red --through blue" in told["command"]
    assert "--reuse-below 1.0 --reducer pca --axes 3" in told["command"]


def test_the_space_of_all_films_with_another_model_and_what_can_be_read(
    events: Events, session: Session, folder: Path
) -> None:
    Image.new("RGB", (64, 48), RED).save(folder / "a still.png")
    session = replace(session, tab="space").with_parameter("fps", 1.0)
    arrived = events.space.receive_picture(gr.FileData(path=str(folder / "a still.png"), orig_name="a still.png"))[
        "picture_arrived"
    ]
    session = events.space.show_arrived(session, arrived)["session"]
    fitted = (session.video, events.services.library.get("toy-test-72-000").id)
    space = replace(
        session.space, films="all", supervised="video", fitted_on=fitted, numbers=(("n_neighbours", 7), ("seed", 3))
    )
    session = events.pair.choose_other(replace(session, space=space), event(value=SECOND.id), ANN)["session"]
    on_show(events, session)
    list(events.pair.compare(session, ANN))
    list(events.examine.examine(session, ANN))
    shown = answers(events, session)
    assert [answer.outcome.provenance.analysis for answer in shown] == ["embed", "compare", "examine", "examine"]
    told = assert_made_again(events, session, shown, folder)
    assert "./-other.mp4" in told["command"]
    assert "--picture 'a still.png'" in told["command"]
    assert f"--model {SECOND.id} --toyworld" not in told["command"]
    assert told["command"].count("examine --toyworld") == 2
    [note] = told["notes"]
    assert note.endswith(" are your files: put them in that folder, or write their paths.")
    assert all(name in note for name in (FILM, OTHER, "a still.png"))


def test_the_space_of_features_from_a_file_and_labels_of_ones_own(
    events: Events, session: Session, folder: Path
) -> None:
    rows = np.random.default_rng(0).normal(size=(24, 5)).astype(np.float32)
    np.savez(folder / "mine.npz", features=rows, ids=np.arange(24).astype(str), half=np.repeat(["a", "b"], 12))
    arrived = events.space.receive_file(gr.FileData(path=str(folder / "mine.npz"), orig_name="mine.npz"))[
        "features_arrived"
    ]
    session = events.space.show_arrived(replace(session, tab="space"), arrived)["session"]
    session = replace(session, space=replace(session.space, map="pca", supervised="half"))
    on_show(events, session)
    labels = [
        {"vid": vid, "start_s": at, "end_s": at + 1, "labels": {"half": half}, "caption": f"the {half} of it"}
        for vid in (Path(FILM).stem, Path(OTHER).stem, "Toy world 1: shapes on a plain ground")
        for at, half in ((0, "start"), (2, "middle"))
    ]
    (folder / "halves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels))
    session = events.examine.choose_clips(session, event(value="file"), ANN)["session"]
    file = gr.FileData(path=str(folder / "halves.jsonl"), orig_name="halves.jsonl")
    assert "6 clips" in events.examine.receive(session, file, ANN)["examine_file_text"]
    list(events.examine.examine(session, ANN))
    told = assert_made_again(events, session, answers(events, session), folder)
    assert "embed --features mine.npz" in told["command"]
    assert "examine halves.jsonl --videos ." in told["command"]
    assert told["notes"][-1] == "The videos that its rows name are looked for in the same folder."


def test_the_moments_known_of_examples_are_examined(events: Events, session: Session, folder: Path) -> None:
    session = replace(session, tab="space", clips="moments", space=replace(session.space, map="pca"))
    on_show(events, session)
    list(events.examine.examine(session, ANN))
    told = assert_made_again(events, session, answers(events, session), folder)
    assert "examine --moments-of toy-test-72-000" in told["command"]


def test_what_if(events: Events, session: Session, folder: Path) -> None:
    session = replace(session, tab="whatif", span_s=(0.0, 4.0), space=replace(session.space, other=SECOND.id))
    session = events.whatif.add_edit(session, "a grey wall\n-none", ANN)["session"]
    [first, second, *_] = [
        edit for edit in on_show(events, session)[0].outcome.result.cases[0].texts if edit.kind != "own"
    ]
    session = events.whatif.change(session, event(value=f"correct:{first.kind}:{first.text}"))["session"]
    session = events.whatif.add_edit(session, "a blue wall", ANN)["session"]
    session = events.whatif.change(session, event(value=f"drop:{second.text}"))["session"]
    told = check(events, events.whatif.paint(session)["session"], folder)
    assert f"--corrected '{first.kind}:a blue wall'" in told["command"]
    assert "--edit 'a grey wall' --edit=-none" in told["command"]
    assert f"--without '{second.text}'" in told["command"]
    assert f"--model {SECOND.id}" in told["command"]
    assert "--video-edits" not in told["command"]
    told = check(events, session, folder)
    assert "--video-edits reverse,shuffle," in told["command"]
    of_windows = events.pair.choose_other(replace(session, model=PAIRS.id), event(value=""), ANN)["session"]
    assert "--video-edits none" in check(events, of_windows, folder)["command"]


def test_what_if_of_many_films(events: Events, session: Session, folder: Path) -> None:
    session = replace(session, tab="whatif")
    on_show(events, session)
    list(events.whatif.probe_toy(session, ANN))
    told = assert_made_again(events, session, answers(events, session), folder)
    assert "probe --toyworld --model colour-histogram --video-edits reverse,roll,freeze,mirror" in told["command"]
    rows = [{"vid": Path(name).stem, "caption": "a red wall"} for name in (FILM, OTHER)]
    (folder / "captions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = gr.FileData(path=str(folder / "captions.jsonl"), orig_name="captions.jsonl")
    list(events.whatif.probe_file(session, file, ANN))
    told = assert_made_again(events, session, answers(events, session), folder)
    assert "probe --file captions.jsonl --videos ." in told["command"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda session: replace(session, queries=()), texts.NO_QUERIES),
        (lambda session: session.with_parameter("fps", 7.0), texts.NOT_READ),
        (lambda session: replace(session, tab="look"), "map"),
        (lambda session: replace(session, tab="space"), "map"),
        (lambda session: replace(session, tab="whatif"), "earlier question"),
    ],
)
def test_nothing_is_worked_out_to_be_made_again(
    events: Events, session: Session, changed: Callable[[Session], Session], said: str
) -> None:
    list(events.answer(session, ANN))
    for event_ in (events.reproduce, events.export):
        assert said in event_(changed(session), ANN)["notice"]
