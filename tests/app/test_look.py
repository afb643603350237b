"""Where the model looked, for one visitor, without a browser: maps, words, tests, methods, and files to take away."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import av
import gradio as gr
import numpy as np
import pytest
from PIL import Image

from tests.films import BLUE, GREEN, RED, write_film
from tests.tiny_checkpoints import save_tiny_clip, save_tiny_xclip
from workbench.analyses.map_methods import METHODS
from workbench.analyses.services import Services
from workbench.figures.palette import LESS, MORE, UNSEEN
from workbench.models.adapter_template import ENTRY
from workbench.models.entry import ModelEntry
from workbench.settings import Settings
from workbench.types.outcome import Progress
from workbench.ui.gradio import look_texts, map_events, texts
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.offers import MAX_OFFERS, OFFERS, Offers
from workbench.ui.gradio.session import Session, session_from_address

ANN, BOB = gr.Request(session_hash="ann"), gr.Request(session_hash="bob")
FILM = "toy-test-72-002"
SPAN_S = (39.0, 40.2)
"""Three sampled pictures of that film in which a red circle is seen."""


@pytest.fixture
def session(events: Events) -> Session:
    """Return a question on a second of the toy world, with the instrument open."""
    video = events.services.library.get(FILM).id
    queries = ("a red circle", "a purple star")
    return Session(video=video, model="toyworld-frame", queries=queries, span_s=SPAN_S, tab="look")


@pytest.fixture
def plain(events: Events, tmp_path: Path) -> Session:
    """Return a question to a model that cannot be opened, on two seconds of plain colours."""
    film = write_film(tmp_path / "film.mp4", [(1, RED), (1, GREEN), (1, BLUE)])
    arrived = events.receive(gr.FileData(path=str(film.path), orig_name="film.mp4"))["arrived"]
    return Session(video=arrived.id, model=ENTRY.id, queries=("a red wall",), span_s=(0.0, 0.9), tab="look")


def event(**data: object) -> gr.EventData:
    return gr.EventData(None, data)


def looked(events: Events, session: Session, request: gr.Request = ANN) -> dict:
    """Return the last update of the maps after their answer."""
    list(events.answer(session, request))
    return list(events.explain(session, request))[-1]


def offered(update: dict) -> bytes:
    """Return the file that a browser would fetch."""
    return OFFERS.find(update["download"]["url"].rsplit("/", 1)[1]).content


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_the_tab_shows_the_maps_of_the_sentence(events: Events, session: Session) -> None:
    update = looked(events, session)
    shown = update["look_maps"]["maps"]
    assert [one["time_s"] for one in shown] == [39.0, 39.5, 40.0]
    assert all(one["layer"].startswith("data:image/png;base64,") for one in shown)
    assert all(one["frame"].startswith("data:image/jpeg;base64,") for one in shown)
    assert [one["from_s"] for one in shown] == [38.75, 39.25, 39.75]
    assert "Where it looked for “a red circle”" in update["look_text"]
    assert look_texts.NOT_TESTED in update["look_text"]
    assert update["look_method"]["value"] == "relevance"
    assert update["look_words"].count("data-pick") == 3
    assert update["look_picture"].data[0].z.shape == (8, 8)
    assert update["heads"] is not None
    assert update["curves"] is None
    assert update["between"] is None


def test_nothing_is_mapped_before_the_answer_or_on_another_tab(events: Events, session: Session) -> None:
    assert list(events.explain(session, ANN)) == []
    list(events.answer(session, ANN))
    elsewhere = list(events.explain(replace(session, tab="moments"), ANN))
    assert not any("look_maps" in update for update in elsewhere)
    assert texts.NOT_READ in list(events.maps.test(replace(session, queries=("another",)), {}, ANN))[-1]["test_said"]
    assert "Type what" in list(events.maps.compare(replace(session, queries=()), {}, ANN))[-1]["compare_said"]


def test_a_model_that_is_not_opened_is_asked_by_hiding(events: Events, plain: Session) -> None:
    update = looked(events, plain)
    choices = {name: is_offered for _, name, is_offered in update["look_method"]["choices"]}
    assert update["look_method"]["value"] == "occlusion"
    assert [name for name, is_offered in choices.items() if is_offered] == ["occlusion"]
    assert "needs a model whose network is opened here" in update["look_about"]
    assert update["heads"] is None
    refused = looked(events, replace(plain, method="relevance"))
    assert refused["look_maps"] is None
    assert "choose occlusion" in refused["look_said"]


@pytest.mark.parametrize("sent", ["x", "all", "banzhaf", "", None, 3, "<script>"])
def test_a_method_that_makes_no_maps_is_refused(events: Events, session: Session, sent: object) -> None:
    update = events.maps.choose_method(session, event(value=sent))
    assert update.keys() == {"notice"}
    assert look_texts.NOT_A_METHOD in update["notice"]


def test_another_method_makes_other_maps_and_is_kept_in_the_address(
    events: Events, session: Session, settings: Settings
) -> None:
    first = looked(events, session)
    changed = events.maps.choose_method(session, event(pick="raw"))["session"]
    update = list(events.explain(changed, ANN))[-1]
    assert update["look_maps"]["maps"][0]["layer"] != first["look_maps"]["maps"][0]["layer"]
    assert "The sentence does not enter this map" in update["look_text"]
    assert "method=raw" in changed.address()
    assert "method" not in session.address()
    for sent, method in (("raw", "raw"), ("all", ""), ("../x", "")):
        assert session_from_address({"method": [sent]}, Session(), settings).method == method


def test_a_word_has_the_map_of_the_same_pictures_by_itself_and_gives_it_back(events: Events, session: Session) -> None:
    whole = looked(events, session)
    picked = events.maps.pick_word(session, event(pick="1"))["session"]
    update = list(events.explain(picked, ANN))[-1]
    assert "Where it looked for “red” alone" in update["look_text"]
    assert [one["time_s"] for one in update["look_maps"]["maps"]] == [39.0, 39.5, 40.0]
    assert update["look_maps"]["maps"][0]["layer"] != whole["look_maps"]["maps"][0]["layer"]
    assert update["look_words"].count('aria-pressed="true"') == 1
    back = events.maps.pick_word(picked, event(pick="1"))["session"]
    again = list(events.explain(back, ANN))[-1]
    assert again["look_maps"]["maps"] == whole["look_maps"]["maps"]
    # The page is told of the same maps anew: the picture beside them is another by now.
    assert again["look_maps"] != whole["look_maps"]
    # Of another sentence no word is picked.
    assert "“a purple star”" in list(events.explain(replace(picked, current=1), ANN))[-1]["look_text"]


def test_words_have_the_colours_of_the_map_of_the_sentence(events: Events, session: Session) -> None:
    """The strongest has six tenths of the scale, whose end has an alpha of 0.95."""
    session = replace(session, method="occlusion")
    update = looked(events, session)
    values = json.loads(events.export(session, ANN)["download"]["text"])["word_values"]
    assert min(values) < 0 < max(values)
    colours = re.findall(r'--value:rgba\((\d+),(\d+),(\d+),([\d.]+)\)"', update["look_words"])
    assert len(colours) == len(values) == 3
    for value, (*colour, alpha) in zip(values, colours, strict=True):
        assert tuple(map(int, colour)) == (MORE if value > 0 else LESS)
        assert float(alpha) == pytest.approx(0.95 * 0.6 * abs(value) / max(map(abs, values)), abs=0.001)


def test_what_the_crop_hides_of_a_wide_film_is_shaded_over_the_player(
    events: Events, plain: Session, tmp_path: Path
) -> None:
    """The film is half as wide again as tall, and the model sees the square in its middle."""
    entry = ModelEntry(id="tiny-clip", title="Tiny CLIP", family="clip", where=str(save_tiny_clip(tmp_path / "clip")))
    events.services.models.register(entry)
    update = looked(events, replace(plain, model="tiny-clip"))
    assert update["look_maps"]["aspect"] == 1.5
    assert "Tiny CLIP sees 67% of the picture; the rest is cut off before" in update["look_text"]
    for one in update["look_maps"]["maps"]:
        path = tmp_path / "layer.png"
        path.write_bytes(base64.b64decode(one["layer"].partition("base64,")[2]))
        with Image.open(path) as picture:
            layer = np.asarray(picture)
        height, width = layer.shape[:2]
        assert width / height == pytest.approx(1.5, abs=0.01)
        is_shaded = (layer == [*UNSEEN[:3], round(255 * UNSEEN[3])]).all(axis=2)
        sixth = round(width / 6)
        assert is_shaded[:, : sixth - 1].all()
        assert is_shaded[:, 1 - sixth :].all()
        assert not is_shaded[:, sixth + 1 : -sixth - 1].any()


@pytest.mark.parametrize("sent", ["3", "-1", "x", "", "1.5", "9" * 50, "²", None, True, [1]])
def test_a_word_that_is_not_there_is_refused(events: Events, session: Session, sent: object) -> None:
    assert look_texts.NOT_A_WORD in events.maps.pick_word(session, event(pick=sent))["notice"]
    assert look_texts.NOT_A_WORD in events.maps.pick_word(replace(session, queries=()), event(pick=sent))["notice"]


def test_maps_are_tested_on_request_against_the_visitors_other_sentence(events: Events, session: Session) -> None:
    looked(events, session)
    update = list(events.maps.test(session, {"at_s": 39.6, "opacity": 1}, ANN))[-1]
    assert update["look_maps"]["at"] == 1
    assert "Better than random on this picture: <strong>" in update["test_text"]
    assert "a purple star" in update["test_text"]
    assert "rank correlation" in update["test_numbers"]
    assert update["curves"] is not None
    assert "Tested: " in update["look_text"]
    assert all(one["trust"] for one in update["look_maps"]["maps"])
    # It stays so while these maps are on show, and for nobody else.
    assert "Tested: " in events.maps.show_picture(session, {"at_s": 40.0}, ANN)["look_text"]
    assert "Tested: " in list(events.explain(session, ANN))[-1]["look_text"]
    assert look_texts.NOT_TESTED in looked(events, session, BOB)["look_text"]
    changed = replace(session, current=1)
    assert look_texts.NOT_TESTED in list(events.explain(changed, ANN))[-1]["look_text"]


def test_a_picture_is_shown_where_the_player_rests(events: Events, session: Session) -> None:
    looked(events, session)
    update = events.maps.show_picture(session, {"at_s": 39.5}, ANN)
    assert "At 0:39.5: cosine" in update["look_text"]
    assert "look_maps" not in update
    best = events.maps.show_picture(session, {"at_s": 3.0}, ANN)  # outside the stretch that has maps
    assert best["look_text"] == looked(events, session)["look_text"]


def test_an_instant_that_is_none_is_the_start(events: Events, session: Session) -> None:
    looked(events, session)
    start = events.maps.show_picture(session, {"at_s": 0.0}, ANN)
    for at_s in (float("nan"), "abc", None, -1, True, [1], {}):
        assert events.maps.show_picture(session, {"at_s": at_s}, ANN)["look_text"] == start["look_text"], at_s


def test_methods_are_compared_on_the_picture_on_show(events: Events, session: Session) -> None:
    looked(events, session)
    update = list(events.maps.compare(session, {"at_s": 39.4}, ANN))[-1]
    assert all(f'data-pick="{method}"' in update["methods"] for method in METHODS)
    assert "Banzhaf" in update["methods"]
    assert "“a red circle” at 0:39.5 by every method" in update["compare_text"]
    assert update["agreement"].data[0].z.shape == (11, 11)


def test_what_a_model_cannot_do_is_listed_with_why(events: Events, plain: Session) -> None:
    looked(events, plain)
    update = list(events.maps.compare(plain, None, ANN))[-1]
    assert update["methods"].count("data-pick") == 1
    assert "Grad-CAM cannot be made with" in update["compare_text"]


def test_the_picture_is_taken_away_as_large_as_the_film(events: Events, session: Session, tmp_path: Path) -> None:
    looked(events, session)
    images = {}
    for opacity in (0, 1):
        update = list(events.maps.take_png(session, {"at_s": 39.0, "opacity": opacity}, ANN))[-1]
        assert update["download"]["name"] == "where-it-looked.png"
        path = tmp_path / f"{opacity}.png"
        path.write_bytes(offered(update))
        (images[opacity],) = frames_of(path)
    assert images[0].shape == images[1].shape == (256, 256, 3)
    assert (images[0] != images[1]).any()


def test_a_picture_asked_for_amiss_is_the_best_one_as_usual(events: Events, session: Session) -> None:
    looked(events, session)
    usual = offered(list(events.maps.take_png(session, {"at_s": 0.0, "opacity": 0.7}, ANN))[-1])
    for sent in (None, "abc", {"opacity": "abc", "at_s": "x"}, {"opacity": 1e400, "at_s": -1}, [1]):
        assert offered(list(events.maps.take_png(session, sent, ANN))[-1]) == usual, sent


def test_the_mapped_stretch_is_taken_away_as_a_film(events: Events, session: Session, tmp_path: Path) -> None:
    looked(events, session)
    update = list(events.maps.take_film(session, {"at_s": 39.0, "opacity": 1}, ANN))[-1]
    assert update["download"]["name"] == "where-it-looked.mp4"
    path = tmp_path / "film.mp4"
    path.write_bytes(offered(update))
    frames = frames_of(path)
    assert len(frames) == 15  # from 38.75 to 40.25 seconds, ten a second
    assert frames[0].shape == (256, 256, 3)


def test_a_film_that_is_stopped_leaves_nothing_behind(
    events: Events, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(events, session)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    write = map_events.overlay_mp4

    def stopped(*args: object) -> None:
        assert list(scratch.iterdir())
        events.stop("stop_look")(ANN)
        write(*args)

    monkeypatch.setattr(map_events, "overlay_mp4", stopped)
    update = list(events.maps.take_film(session, {}, ANN))[-1]
    assert "Stopped" in update["look_said"]
    assert "download" not in update
    assert list(scratch.iterdir()) == []


def test_maps_that_were_stopped_can_be_gone_on_with(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(events.answer(session, ANN))
    look = events.maps._looked.look

    def stopped(session, is_tested, report):
        events.cancel(ANN)
        report(Progress(0, 1, "on and on"))

    monkeypatch.setattr(events.maps._looked, "look", stopped)
    update = list(events.explain(session, ANN))[-1]
    assert update["look_again"]["visible"]
    assert update["look_maps"] is None
    monkeypatch.setattr(events.maps._looked, "look", look)
    assert list(events.maps.look_again(session, ANN))[-1]["look_maps"] is not None


def test_a_button_pushes_no_work_aside(events: Events, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    looked(events, session)
    compare = events.maps._looked.compare

    def slow(session, at_s, report):
        (busy,) = events.maps.test(session, {}, ANN)
        assert texts.OCCUPIED in busy["test_said"]
        (busy,) = events.maps.take_film(session, {}, ANN)
        assert texts.OCCUPIED in busy["look_said"]
        # A player that comes to rest meanwhile is no work.
        assert "look_text" in events.maps.show_picture(session, {"at_s": 39.5}, ANN)
        return compare(session, at_s, report)

    monkeypatch.setattr(events.maps._looked, "compare", slow)
    assert list(events.maps.compare(session, {}, ANN))[-1]["agreement"] is not None


def test_visitors_never_see_each_others_maps(events: Events, session: Session) -> None:
    looked(events, session)
    list(events.answer(session, BOB))
    assert events.maps.show_picture(session, {"at_s": 39.5}, BOB) == {}
    assert look_texts.NONE_ON_SHOW in list(events.maps.take_png(session, {}, BOB))[-1]["look_said"]
    assert look_texts.NONE_ON_SHOW in events.export(session, BOB)["notice"]
    of_ann = list(events.maps.take_png(session, {}, ANN))[-1]["download"]["url"]
    looked(events, replace(session, current=1), BOB)
    of_bob = list(events.maps.take_png(replace(session, current=1), {}, BOB))[-1]["download"]["url"]
    assert of_ann != of_bob
    events.leave(ANN)
    assert OFFERS.find(of_ann.rsplit("/", 1)[1]) is None
    assert OFFERS.find(of_bob.rsplit("/", 1)[1]) is not None
    assert events.maps.show_picture(session, {"at_s": 39.5}, ANN) == {}


def test_files_are_held_for_the_newest_visitors_only() -> None:
    offers = Offers()
    tokens = [offers.make(f"visitor {number}", "a.png", "image/png", b"x").token for number in range(MAX_OFFERS + 1)]
    assert offers.find(tokens[0]) is None
    assert offers.find(tokens[1]) is not None
    second = offers.make("visitor 1", "a.png", "image/png", b"y").token
    assert offers.find(tokens[1]) is None
    assert offers.find(second).content == b"y"
    assert offers.find("") is None


def test_another_question_forgets_the_maps(events: Events, session: Session) -> None:
    looked(events, session)
    for update in (
        events.select_row(session, event(query=1), ANN),
        events.select_span(session, event(start_s=1.0, end_s=2.0), ANN),
        events.choose_model(session, event(value=ENTRY.id), ANN),
    ):
        assert update["look_maps"] is None
        assert update["look_picture"] is None
        assert update["look_words"] == ""


def test_a_model_of_windows_shows_how_frames_look_at_each_other(events: Events, plain: Session, tmp_path: Path) -> None:
    save_tiny_xclip(tmp_path / "xclip")
    entry = ModelEntry(id="tiny-xclip", title="Tiny X-CLIP", family="xclip", where=str(tmp_path / "xclip"))
    events.services.models.register(entry)
    session = replace(plain, model="tiny-xclip", span_s=None)
    update = looked(events, session)
    assert update["between"] is not None
    assert update["look_method"]["value"] == "relevance"
    values = [value for _, value, _ in update["head_choice"]["choices"]]
    assert values[:2] == ["0.all", "0.0"]
    changed = events.maps.show_head(session, {}, event(value=values[-1]), ANN)
    assert changed["session"].head == values[-1]
    picked = events.maps.pick_word(session, event(pick="0"))["session"]
    again = list(events.explain(picked, ANN))[-1]
    assert [m["time_s"] for m in again["look_maps"]["maps"]] == [m["time_s"] for m in update["look_maps"]["maps"]]


def test_a_head_that_is_not_there_is_refused(events: Events, session: Session) -> None:
    looked(events, session)
    for sent in ("99.0", "0.99", "x", "", None, "0", "-1.all", "0.all.all"):
        assert look_texts.NOT_A_HEAD in events.maps.show_head(session, {}, event(value=sent), ANN)["notice"], sent


def test_the_download_is_of_the_maps_on_show(events: Events, session: Session) -> None:
    looked(events, session)
    download = events.export(session, ANN)["download"]
    assert download["name"].startswith("maps-")
    answer = json.loads(download["text"])
    assert (answer["method"], answer["query"]) == ("relevance", "a red circle")
    assert np.isfinite(answer["values"]).all()


def test_what_nobody_foresaw_is_told_where_the_visitor_looks(
    events: Events, session: Session, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    looked(events, session)

    def broken(*args: object) -> None:
        raise RuntimeError("secret /path")

    monkeypatch.setattr(events.maps._looked, "compare", broken)
    said = list(events.maps.compare(session, {}, ANN))[-1]["compare_said"]
    assert texts.UNEXPECTED in said
    assert "secret" not in said
