"""What is brought to the map of the space: pictures that are looked for, features of a file, another film."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from workbench.analyses import layouts
from workbench.analyses.services import Services
from workbench.store.feature_files import FeatureTable
from workbench.types.video import SamplingSpec
from workbench.ui.gradio import space_events, space_texts, spaced
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.session import Session

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")


@pytest.fixture
def session(events: Events) -> Session:
    """Return a question on the toy world, with the instrument open and components alone, which take no time."""
    video = events.services.library.get("toy-test-72-000").id
    asked = Session(video=video, model="toyworld-frame", queries=("a white cross",), tab="space")
    return replace(asked, parameters={"fps": 1.0}, space=replace(asked.space, map="pca"))


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def looked(events: Events, session: Session) -> dict:
    list(events.answer(session, ANN))
    return list(events.explain(session, ANN))[-1]


def brought(path: Path) -> gr.FileData:
    return gr.FileData(path=str(path), orig_name=path.name)


def arrived(events: Events, session: Session, path: Path) -> dict:
    if path.suffix == ".png":
        return events.space.show_arrived(session, events.space.receive_picture(brought(path))["picture_arrived"])
    return events.space.show_arrived(session, events.space.receive_file(brought(path))["features_arrived"])


@pytest.fixture
def features(tmp_path: Path) -> Path:
    """Return a file of 60 rows in three islands."""
    rng = np.random.default_rng(3)
    own = np.arange(60) % 3
    rows = 5 * rng.standard_normal((3, 16))[own] + rng.standard_normal((60, 16))
    path = tmp_path / "mine.npz"
    ids = np.array([f"clip {number}" for number in range(60)])
    np.savez(path, features=rows.astype(np.float32), ids=ids, kind=np.array(["<b>cat", "dog", "cow"])[own])
    return path


def test_what_the_current_sentence_is_nearest_to_is_shown_at_once(events: Events, session: Session) -> None:
    shown = looked(events, session)
    assert "“a white cross”" in shown["space_near"]
    assert shown["space_near"].count("<li>") == 8


def test_a_picture_is_looked_for_and_forgotten(events: Events, session: Session, tmp_path: Path) -> None:
    batch = next(iter(events.services.library.frames(session.video, SamplingSpec(1.0), batch_frames=64)))
    path = tmp_path / "holiday <b>.png"
    Image.fromarray(batch.pixels[12]).save(path)
    changed = arrived(events, session, path)["session"]
    assert [title for _, title in changed.space.pictures] == ["holiday <b>"]
    shown = looked(events, changed)
    assert "holiday &lt;b&gt;" in shown["space_near"]
    assert "data-open" not in shown["space_near"]
    first = shown["space_near"].split('<ol class="near"')[1]
    assert 'data-pick="12"' in first.split("</li>")[0]
    assert shown["space_forget"]["visible"]
    assert "made this map" not in shown["space_text"]  # a picture is no film of the map
    assert arrived(events, changed, path)["session"] == changed
    deep = events.space.choose("map")(changed, event(value="pca3"))["session"]
    assert looked(events, deep)["space_map"].figure.data[-1].marker.symbol[-1] == "cross"
    forgotten = events.space.forget_pictures(changed)["session"]
    assert forgotten.space == session.space
    assert not looked(events, forgotten)["space_forget"]["visible"]
    gone = replace(session, space=replace(session.space, pictures=(("0" * 64, "gone"),)))
    assert "“a white cross”" in looked(events, gone)["space_near"]


def test_features_of_a_file_are_mapped(events: Events, session: Session, features: Path) -> None:
    shown = arrived(events, session, features)
    changed = shown["session"]
    assert changed.space.films == "file"
    assert ("mine.npz", "file", True) in shown["space_films"]["choices"]
    of_films = ("space_points", "space_path", "space_through", "space_picture")
    assert [shown[name] for name in of_films[:2]] == [None, None]  # rows have no time, and no model knows of them
    assert not any(shown[name]["visible"] for name in of_films[2:])
    found = looked(events, changed)
    assert "60 rows lie in 3 groups" in found["space_text"]
    assert found["space_gap"] == ""
    assert found["space_gap_picture"] is None
    assert [name for _, name, _ in found["space_supervised"]["choices"]] == ["", "kind"]
    assert found["space_map"].meta["labels"]["7"] == "clip 7"
    near = events.space.pick(changed, event(row=7), ANN)["space_near"]
    assert "clip 7" in near
    assert "<img" not in near
    by_colour = events.space.choose("colour")(changed, event(value="kind"))["session"]
    called = {trace.name.split("  ")[1] for trace in looked(events, by_colour)["space_map"].figure.data}
    assert called == {"&lt;b&gt;cat", "dog", "cow"}
    returned = events.space.choose("films")(changed, event(value="this"))
    assert returned["space_points"]["value"] == "frame"
    assert all(returned[name]["visible"] for name in of_films[2:])
    back = returned["session"]
    assert "26 frames" in looked(events, back)["space_text"]
    assert events.space.choose("films")(back, event(value="file"))["session"].space.file == changed.space.file


def test_rows_of_which_nothing_is_known_are_mapped(events: Events, session: Session, tmp_path: Path) -> None:
    path = tmp_path / "bare.npz"
    np.savez(path, features=np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32))
    list(events.answer(changed := arrived(events, session, path)["session"], ANN))
    shown = [update for update in events.explain(changed, ANN) if update.get("space_map") is not None]
    assert len(shown) == 2
    for update in shown:
        assert sum(len(trace.x) for trace in update["space_map"].figure.data) == 60
        assert update["space_colour"]["choices"] == [(space_texts.ONE_COLOUR, "", True)]


def test_of_a_file_components_are_shown_first_and_then_its_umap(
    events: Events, session: Session, features: Path
) -> None:
    changed = arrived(events, session, features)["session"]
    changed = events.space.choose("map")(changed, event(value="umap"))["session"]

    def drawn(asked: Session) -> list:
        list(events.answer(asked, ANN))
        return [
            update["space_map"].figure for update in events.explain(asked, ANN) if update.get("space_map") is not None
        ]

    first, last = drawn(changed)
    assert not np.allclose(first.data[0].x, last.data[0].x)
    assert len(drawn(changed)) == 1  # it is kept
    together = events.space.choose("supervised")(changed, event(value="kind"))["session"]
    pulled = drawn(together)[-1]
    assert not np.allclose(pulled.data[0].x, last.data[0].x)
    assert pulled.layout.uirevision != last.layout.uirevision  # another map is seen whole


def test_of_a_file_nothing_is_read_again_when_a_point_is_picked(
    events: Events, session: Session, features: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = arrived(events, session, features)["session"]
    looked(events, changed)
    monkeypatch.setattr(events.services.store, "get", None)
    assert "clip 7" in events.space.pick(changed, event(row=7), ANN)["space_near"]
    other = replace(changed, space=replace(changed.space, file=("e" * 64, "another file")))
    for asked, request in ((changed, BOB), (other, ANN)):
        assert space_texts.NOT_ON_SHOW in events.space.pick(asked, event(row=7), request)["space_notice"]
    events.leave(ANN)
    assert space_texts.NOT_ON_SHOW in events.space.pick(changed, event(row=7), ANN)["space_notice"]


def test_a_map_that_was_seen_is_there_for_the_next_visitor_without_titles_that_are_not_theirs(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = replace(session, uploads={session.video: "a title of mine"})
    assert "a title of mine" in str(looked(events, mine)["space_map"].meta)
    list(events.answer(session, BOB))
    monkeypatch.setattr(events.services.store, "get", None)
    [theirs] = [update for update in events.map_space(session, BOB) if "space_map" in update]
    assert theirs["space_map"].figure.data
    assert "a title of mine" not in str(theirs)


def test_what_is_known_of_rows_counts_among_what_is_held(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spaced, "MOST_BYTES", 1_000)
    holding = spaced.Spaced(services)
    table = FeatureTable(("a", "b"), np.eye(2, dtype=np.float32), {"said": np.array(["long " * 40, ""])})
    assert holding._tables.get(holding.keep(replace(table, columns={}))) is not None
    assert holding._tables.get(holding.keep(table)) is None


def test_a_map_that_is_not_kept_is_not_made_by_a_click(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spaced, "MOST_BYTES", 10)
    events = Events(events.services)
    looked(events, session)
    assert 'data-rows="0"' in events.space.pick(session, event(row=0), ANN)["space_near"]  # it is kept in the store
    for path in events.services.store.root.rglob("*.safetensors"):
        path.unlink()
    monkeypatch.setattr(layouts, "map_quality", None)
    assert space_texts.NOT_KEPT in events.space.pick(session, event(row=0), ANN)["space_notice"]
    assert space_texts.NOT_KEPT in events.export(session, ANN)["notice"]


def test_choosing_films_back_and_forth_moves_nothing(events: Events, session: Session, tmp_path: Path) -> None:
    everything = events.space.choose("films")(session, event(value="all"))["session"]
    more = replace(everything, uploads={"f" * 64: "one more"})
    back = events.space.choose("films")(more, event(value="this"))["session"]
    again = events.space.choose("films")(back, event(value="all"))["session"]
    assert again.space.fitted_on == everything.space.fitted_on


def test_a_column_that_another_film_may_lack_is_let_go(events: Events, session: Session) -> None:
    pulled = events.space.choose("supervised")(session, event(value="known moment"))["session"]
    other = events.services.library.get("toy-test-72-001").id
    assert events.choose_video(pulled, event(value=other))["session"].space.supervised == ""
    linked = replace(session, space=replace(session.space, supervised="no such"))
    assert ("no such", "no such", True) in events._page.method(linked)["space_supervised"]["choices"]


def test_the_same_features_are_found_again_by_their_address(events: Events, session: Session, features: Path) -> None:
    first = looked(events, arrived(events, session, features)["session"])
    again = arrived(events, session, features)["session"]
    shown = looked(events, again)
    np.testing.assert_array_equal(shown["space_map"].figure.data[0].x, first["space_map"].figure.data[0].x)
    lost = replace(again, space=replace(again.space, file=("e" * 64, "lost")))
    assert "no longer kept here; bring the file again" in looked(events, lost)["space_said"]


def test_what_cannot_be_used_is_refused(
    events: Events, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, features: Path
) -> None:
    wrong = tmp_path / "wrong.png"
    wrong.write_bytes(b"not a picture")
    told = events.space.receive_picture(brought(wrong))
    assert told["picture_arrived"] is None
    assert "“wrong.png” is no picture" in told["space_notice"]
    pickled = tmp_path / "wrong.pkl"
    pickled.write_bytes(b"\x80\x04.")
    assert "wrong.pkl" in events.space.receive_file(brought(pickled))["space_notice"]
    assert space_texts.NOT_RECEIVED in events.space.receive_file(None)["space_notice"]
    assert events.space.show_arrived(session, None)["session"] == session
    assert space_texts.NO_FILE in events.space.choose("films")(session, event(value="file"))["space_notice"]
    monkeypatch.setattr(space_events, "MOST_FEATURE_ROWS", 10)
    assert "60" in events.space.receive_file(brought(features))["space_notice"]
    many = session
    for number in range(9):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (16, 16), (20 * number, 0, 90)).save(path)
        told = arrived(events, many, path)
        many = told.get("session", many)
    assert len(many.space.pictures) == 8
    assert "8 pictures at once" in told["space_notice"]


def test_the_film_of_a_point_is_opened_where_the_point_is(events: Events, session: Session) -> None:
    everything = events.space.choose("films")(session, event(value="all"))["session"]
    found = looked(events, everything)["space_map"].meta
    row = next(row for row, film in enumerate(found["film"]) if found["films"][film][0] != session.video)
    near = events.space.pick(everything, event(row=row), ANN)["space_near"]
    film, at_s = found["films"][found["film"][row]][0], sum(found["spans"][row]) / 2
    assert f'data-open="{film}" data-at="{at_s:.3f}"' in near
    opened = events.choose_video(everything, event(value=film, at_s=at_s))
    assert opened["session"].video == film
    assert opened["player"]["start_s"] == pytest.approx(at_s)
    answered = list(events.answer(opened["session"], ANN))[-1]
    assert answered["player"]["start_s"] == pytest.approx(at_s)
    assert events.choose_video(opened["session"], event(value=session.video))["session"].at_s is None
    own = events.space.pick(everything, event(row=0), ANN)["space_near"]
    assert "data-open" not in own


def test_the_gap_is_seen_as_it_is_and_closed(events: Events, session: Session) -> None:
    apart = looked(events, session)["space_gap_picture"]
    closed = events.space.show_gap(session, event(value="1"), ANN)
    assert closed["space_gap_view"]["value"] == "1"
    figure = closed["space_gap_picture"]
    assert figure.layout.xaxis.range == apart.layout.xaxis.range

    def distance(figure: object) -> float:
        pictures, sentences = figure.data
        return abs(float(np.mean(pictures.x) - np.mean(sentences.x)))

    assert distance(figure) < 0.3 * distance(apart)
    assert figure.data[1].hovertext[0] == "“a white cross”"
