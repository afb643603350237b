"""The space of a model, for one visitor, without a browser: a map that stands still, points to pick, words."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.films import BLUE, GREEN, RED, write_film
from workbench.analyses import layouts
from workbench.analyses.analysis import Report
from workbench.settings import Settings
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome, Progress
from workbench.ui.gradio import space_events, space_texts, working
from workbench.ui.gradio.attribution_texts import STOPPED
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.session import Session, session_from_address
from workbench.ui.gradio.space_choice import SpaceChoice, choice_from_address
from workbench.ui.gradio.spaced import Spaced

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
FIRST, SECOND = "toy-test-72-000", "toy-test-72-002"


@pytest.fixture
def session(events: Events) -> Session:
    """Return a question on the toy world, with the instrument open."""
    video = events.services.library.get(FIRST).id
    return Session(
        video=video, model="toyworld-frame", queries=("a white cross",), tab="space", parameters={"fps": 1.0}
    )


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def looked(events: Events, session: Session, request: gr.Request = ANN) -> dict:
    """Return the last update of the map after its answer."""
    list(events.answer(session, request))
    return list(events.explain(session, request))[-1]


def places(update: dict) -> dict[tuple, tuple[float, ...]]:
    """Return where every frame lies, by its film and its time."""
    drawn = update["space_map"]
    meta, found = drawn.meta, {}
    for trace in drawn.figure.data:
        for row, *at in zip(trace.customdata, trace.x, trace.y, strict=True):
            if meta["spans"][row][0] is not None:
                found[(meta["films"][meta["film"][row]][0], *meta["spans"][row])] = tuple(map(float, at))
    return found


def test_components_are_shown_at_once_and_then_the_map(events: Events, session: Session) -> None:
    list(events.answer(session, ANN))
    shown = [update for update in events.explain(session, ANN) if update.get("space_map") is not None]
    assert len(shown) == 2
    first, last = shown
    assert "A first look at 26 frames" in first["space_text"]
    assert "not yet tested" in first["space_text"]
    assert "% of the variance" in first["space_map"].figure.layout.xaxis.title.text
    assert "trustworthiness 0." in last["space_text"]
    assert last["space_map"].figure.layout.xaxis.title.text == ""
    assert first["space_map"].meta["film"] == last["space_map"].meta["film"]
    assert last["space_map"].meta["here"] == session.video
    assert last["space_colour"]["value"] == "group"
    assert "fits “a white cross”" in [name for _, name, _ in last["space_colour"]["choices"]]


def test_nothing_is_mapped_before_the_question_was_answered(events: Events, session: Session) -> None:
    assert list(events.explain(session, ANN)) == []
    said = events.space.pick(session, event(row=0), ANN)
    assert space_texts.NOT_ON_SHOW in said["space_notice"]
    list(events.answer(session, ANN))
    assert space_texts.NOT_ON_SHOW in events.space.pick(session, event(row=0), ANN)["space_notice"]
    assert space_texts.NOT_ON_SHOW in events.export(session, ANN)["notice"]


def test_a_point_that_is_picked_tells_what_is_nearest_in_the_space(events: Events, session: Session) -> None:
    looked(events, session)
    found = events.space.pick(session, event(row=3), ANN)["space_near"]
    assert 'data-rows="3"' in found
    assert found.count("<li>") == 8
    assert f"workbench/picture/{session.video}/" in found
    assert events.space.pick(session, event(pick="3"), ANN)["space_near"] == found
    for wrong in ({"row": 10_000}, {"row": -1}, {"row": True}, {"pick": "³"}, {}):
        assert "notice error" in events.space.pick(session, event(**wrong), ANN)["space_notice"]


def test_a_film_that_comes_later_moves_no_point_until_the_map_is_fitted_anew(
    events: Events, session: Session, tmp_path: Path
) -> None:
    changed = events.space.choose("films")(session, event(value="all"))["session"]
    assert set(changed.space.fitted_on) == {video.id for video in events.services.library.examples()}
    before = looked(events, changed)
    film = write_film(tmp_path / "own.mp4", [(2, RED), (2, GREEN), (2, BLUE)])
    arrived = events.receive(gr.FileData(path=str(film.path), orig_name="own.mp4"))["arrived"]
    later = replace(changed, uploads={arrived.id: "mine alone"})
    after = looked(events, later)
    assert [title for film_id, title in after["space_map"].meta["films"] if film_id == arrived.id] == ["mine alone"]
    assert {at: after_at for at, after_at in places(after).items() if at in places(before)} == places(before)
    assert any(film_id == arrived.id for film_id, *_ in places(after))
    assert "4 of 5 videos made this map" in after["space_text"]
    assert after["refit"]["visible"]
    refitted = events.space.refit(later)["session"]
    anew = looked(events, refitted)
    moved = [np.ptp([at, places(anew)[key]], axis=0).max() for key, at in places(before).items()]
    assert np.median(moved) > 0.1
    assert not anew["refit"]["visible"]


def test_nobody_sees_the_films_of_another(events: Events, session: Session, tmp_path: Path) -> None:
    film = write_film(tmp_path / "anns.mp4", [(3, GREEN), (3, BLUE)])
    arrived = events.receive(gr.FileData(path=str(film.path), orig_name="anns.mp4"))["arrived"]
    everybody = replace(session, space=SpaceChoice(films="all"))
    found = looked(events, everybody, BOB)
    assert arrived.id not in {film_id for film_id, _ in found["space_map"].meta["films"]}


@pytest.mark.parametrize("kind", ["umap3", "pca", "pca3"])
def test_every_kind_of_map(events: Events, session: Session, kind: str) -> None:
    changed = events.space.choose("map")(session, event(value=kind))["session"]
    figure = looked(events, changed)["space_map"].figure
    assert all(("3d" in trace.type) == kind.endswith("3") for trace in figure.data)


def test_colour_and_path_are_shown(events: Events, session: Session) -> None:
    for colour in ("time", "video", "fits “a white cross”"):
        changed = events.space.choose("colour")(session, event(value=colour))["session"]
        assert looked(events, changed)["space_colour"]["value"] == colour
    changed = events.space.choose("is_path")(session, event(value="1"))["session"]
    line = looked(events, changed)["space_map"].figure.data[0]
    assert line.mode == "lines"
    starts = [looked(events, changed)["space_map"].meta["spans"][row][0] for row in line.customdata]
    assert starts == sorted(starts)
    assert len(starts) == 26


def test_the_space_is_seen_through_words(events: Events, session: Session) -> None:
    def seen(of: Session, words: str) -> dict:
        return events.space.set_up(of, words, None, None, None, None)

    changed = seen(session, " a white object ,a cyan object,, a white object")
    assert changed["session"].space.through == ("a white object", "a cyan object")
    assert changed["space_through"]["value"] == "a white object, a cyan object"
    assert "trustworthiness" in looked(events, changed["session"])["space_text"]
    assert "two or more" in seen(session, "a white object")["space_notice"]
    assert "12 or fewer" in seen(session, ",".join(f"word {n}" for n in range(13)))["space_notice"]
    assert seen(changed["session"], "")["session"].space.through == ()


def test_numbers_are_checked_and_reset(events: Events, session: Session) -> None:
    usual = {"n_neighbours": None, "min_dist": None, "seed": None, "smallest": None}

    def made(of: Session, **numbers: float | None) -> dict:
        return events.space.set_up(of, "", *(usual | numbers).values())

    changed = made(session, n_neighbours=5.0, min_dist=0.1)["session"]
    assert changed.space.numbers == (("n_neighbours", 5),)
    assert made(changed)["session"].space.numbers == ()
    assert made(changed, n_neighbours=15)["session"].space.numbers == ()
    wrong = (("n_neighbours", 1), ("min_dist", 2.0), ("seed", -1), ("smallest", 1e9), ("min_dist", float("nan")))
    for name, value in wrong:
        assert "notice error" in made(session, **{name: value})["space_notice"]
    shown = events.space.reset(changed)
    assert shown["session"].space == SpaceChoice()
    assert shown["space_n_neighbours"] == 15


def test_what_is_refused_leaves_the_map_and_what_is_said_of_it(events: Events, session: Session) -> None:
    looked(events, session)
    refused = events.space.set_up(session, "a white object", None, None, None, None)
    assert list(refused) == ["space_notice"]
    assert list(events.map_choice(session, ANN)) == []
    assert list(events.map_choice(replace(session, space=replace(session.space, is_path=True)), ANN))
    alike = events.space.set_up(session, "qqq, zzz", None, None, None, None)["session"]
    last = list(events.map_choice(alike, ANN))[-1]
    assert "notice error" in last["space_said"]
    assert space_texts.NO_SUCH_MAP in last["space_text"]


def test_a_map_that_was_asked_for_before_does_not_come_after_one_that_was_there_at_once(
    events: Events, session: Session
) -> None:
    other = replace(session, space=replace(session.space, map="pca"))
    assert looked(events, other)["space_map"] is not None
    before = events.explain(session, ANN)
    first = next(update for update in before if update.get("space_map") is not None)
    assert "A first look" in first["space_text"]
    assert list(events.map_choice(other, ANN))[-1]["space_map"] is not None
    assert all(update.get("space_map") is None for update in before)
    assert events.space.is_on_show(other, "ann")


def test_what_is_refused_does_not_begin_anew_a_map_on_its_way(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, ANN))
    begun, go_on = [], threading.Event()

    def slow(of: Session, report: Report, **more: object) -> Outcome[EmbeddingMap]:
        begun.append(of)
        while not go_on.wait(0.01):
            report(Progress(1, 2, "on and on"))
        return made(of, report, **more)

    made = events.space._spaced.map
    monkeypatch.setattr(Spaced, "map", lambda self, *asked, **more: slow(*asked, **more))
    monkeypatch.setattr(working, "QUIET_S", -1.0)
    under_way = events.explain(session, ANN)
    next(under_way)
    assert list(events.map_choice(session, ANN)) == []
    assert list(events.map_choice(session, BOB)) == []  # who was told no answer
    assert begun == [session]
    go_on.set()
    assert list(under_way)[-1]["space_map"] is not None


def test_a_map_that_is_stopped_leaves_components_on_show_and_can_be_made_again(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, ANN))
    laid_out = layouts.umap_layout

    def stopped(*args: object, **how: object) -> object:
        events.stop("stop_space")(ANN)
        return laid_out(*args, **how)

    monkeypatch.setattr(layouts, "umap_layout", stopped)
    shown = list(events.explain(session, ANN))
    drawn = [at for at, update in enumerate(shown) if "space_map" in update]
    assert len(drawn) == 1  # and so nothing takes them away
    assert drawn[0] < len(shown) - 1
    assert "A first look at 26 frames" in shown[drawn[0]]["space_text"]
    last = shown[-1]
    assert STOPPED in last["space_said"]
    assert not last["stop_space"]["visible"]
    assert not events.jobs.is_running("ann", "space")
    assert not events.space.is_on_show(session, "ann")
    monkeypatch.setattr(layouts, "umap_layout", laid_out)
    made = list(events.map_choice(session, ANN))[-1]
    assert "trustworthiness 0." in made["space_text"]
    assert events.space.is_on_show(session, "ann")


def test_a_map_that_was_stopped_is_made_again_before_its_work_has_noticed(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, ANN))
    begun, go_on = threading.Event(), threading.Event()
    made = events.space._spaced.map

    def deaf_at_first(of: Session, report: Report, **more: object) -> Outcome[EmbeddingMap]:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(60)
        return made(of, report, **more)

    monkeypatch.setattr(Spaced, "map", lambda self, *asked, **more: deaf_at_first(*asked, **more))
    monkeypatch.setattr(working, "QUIET_S", -1.0)
    under_way = events.explain(session, ANN)
    next(under_way)
    assert begun.wait(60)
    assert events.stop("stop_space")(ANN) == {"stop_space": gr.update(interactive=False)}
    again = events.space.set_up(session, "", None, None, None, None)["session"]
    assert again == session
    assert list(events.map_choice(again, ANN))[-1]["space_map"] is not None
    go_on.set()
    assert list(under_way) == []  # what was stopped says nothing of what came after it
    assert events.space.is_on_show(session, "ann")


def test_a_refusal_outlasts_the_progress_of_a_map_on_its_way(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, ANN))
    monkeypatch.setattr(working, "QUIET_S", -1.0)
    told: list[str] = []
    for update in events.explain(session, ANN):
        told += update
        if told.count("space_map") == 1:  # components
            picked = events.space.pick(session, event(row=3), ANN)
            assert space_texts.NOT_ON_SHOW in picked["space_notice"]
    assert "space_said" in told
    assert "space_notice" not in told
    refused = events.space.set_up(session, "a white object", None, None, None, None)
    assert list(refused) == ["space_notice"]
    assert "two or more" in refused["space_notice"]
    # It is gone with the next change, and with the next point that is there.
    assert events.space.choose("colour")(session, event(value="time"))["space_notice"] == ""
    assert events.space.pick(session, event(row=3), ANN)["space_notice"] == ""
    other = events.services.library.get(SECOND).id
    assert events.choose_video(session, event(value=other))["space_notice"] == ""
    assert "space_notice" in space_events.CHANGED


def test_what_is_not_offered_is_refused(events: Events, session: Session) -> None:
    for name in ("films", "points", "map", "is_path"):
        assert space_texts.NOT_A_CHOICE in events.space.choose(name)(session, event(value="tsne"))["space_notice"]
    assert looked(events, replace(session, space=SpaceChoice(colour="no such")))["space_colour"]["value"] == "group"


def test_an_address_brings_the_map_back(session: Session, settings: Settings) -> None:
    space = SpaceChoice(
        points="segment",
        map="umap3",
        colour="time",
        is_path=True,
        through=("a red wall", "a blue wall"),
        supervised="video",
        pictures=(("b" * 64, ""), ("c" * 64, "")),
        file=("d" * 64, "features dddddddd"),
        other="toyworld-video",
    ).with_numbers({"min_dist": 0.5})
    asked: dict[str, list[str]] = {}
    for name, value in space.address():
        asked.setdefault(name, []).append(value)
    assert session_from_address(asked, session, settings).space == space
    fitted = replace(space, films="all", fitted_on=("0" * 64, "f" * 64))
    brought = choice_from_address(
        {"films": ["all"], "fitted": [value for name, value in fitted.address() if name == "fitted"]}, settings
    )
    common = {"queries": (), "model": "toyworld-frame"}
    films = ("0" * 64, "a" * 64, "f" * 64)
    assert brought.params("a" * 64, films, common).fitted_on == ("0" * 64, "f" * 64)
    assert fitted.params("a" * 64, films, common).fitted_on == ("0" * 64, "f" * 64)
    wild = {"map": ["tsne"], "points": ["x"], "map_seed": ["no"], "films": ["<b>"], "path": ["yes"], "fitted": ["../x"]}
    wild |= {"map_min_dist": ["nan"], "map_n_neighbours": ["9" * 5000], "picture": ["../x"], "features": ["x" * 64]}
    assert session_from_address(wild, session, settings).space == SpaceChoice()
    assert SpaceChoice().address() == []


def test_the_map_can_be_taken_away(events: Events, session: Session) -> None:
    looked(events, session)
    file = events.export(session, ANN)["download"]
    assert file["name"].startswith("embed-")
    assert len(json.loads(file["text"])["points"]) == 26 + 1 + 1


def test_small_pictures_are_served_by_id_and_instant_alone(events: Events) -> None:
    from starlette.applications import Starlette

    from workbench.ui.gradio.routes import make_routes

    client = TestClient(Starlette(routes=make_routes(events.services.library)))
    video = events.services.library.get(SECOND)
    found = client.get(f"/workbench/picture/{video.id}/12000")
    assert found.status_code == 200
    assert found.content[:3] == b"\xff\xd8\xff"
    assert found.headers["x-content-type-options"] == "nosniff"
    for wrong in (f"{SECOND}/0", f"{'0' * 64}/0", f"{video.id}/99999999", f"{video.id}/-1", f"{video.id}/x"):
        assert client.get(f"/workbench/picture/{wrong}").status_code == 404
