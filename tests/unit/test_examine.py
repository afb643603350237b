"""What can be read from the space of a model: labels and captions of clips, on answers known beforehand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.colour_models import ReadAgainst
from tests.films import BLUE, GREEN, RED, write_film
from workbench.analyses.clip_features import clip_features
from workbench.analyses.clips import Clip, clips_of
from workbench.analyses.examine import Examine, ExamineParams
from workbench.analyses.examine_texts import about_examination, examinations_as_text
from workbench.analyses.services import Services
from workbench.errors import Cancelled, InputError, VideoError
from workbench.models.adapter_template import COLOURS, ENTRY, FAMILY
from workbench.models.entry import Family
from workbench.types.comparison import Examination, Reading
from workbench.types.video import SamplingSpec

NAMES = {"red": RED, "green": GREEN, "blue": BLUE}


@pytest.fixture
def services(settings):
    """Return services with the colour model, and with one whose sentences are read against the video."""
    services = Services.create(settings)
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    services.models.register_family(Family(name="read-against", load=ReadAgainst))
    services.models.register(replace(ENTRY, id="read-against", title="Read against", family="read-against"))
    return services


@pytest.fixture
def films(services, tmp_path):
    """Return six films by name, each of two scenes of two seconds, every colour in four of them."""
    orders = ["red green", "green blue", "blue red", "red blue", "green red", "blue green"]
    found = {}
    for at, order in enumerate(orders):
        scenes = [(2.0, NAMES[name]) for name in order.split()]
        # A little longer, so that no film is the same as another.
        write_film(tmp_path / f"film{at}.mp4", [*scenes, (0.2, scenes[-1][1])])
        found[f"film{at}"] = (services.library.open_path(tmp_path / f"film{at}.mp4"), order.split())
    return found


def clips_in(films, **more):
    """Return a clip for each scene, with its colour, and which of the two scenes it is."""
    return tuple(
        Clip(
            info.id,
            2.0 * at,
            2.0 * at + 2,
            {"colour": name, "place": ("first", "last")[at], **more},
            f"something {name}",
        )
        for info, order in films.values()
        for at, name in enumerate(order)
    )


def examined(services, clips, model=ENTRY.id, **more):
    return Examine().run(services, ExamineParams(clips, model, **more)).result


def by_probe(found):
    return {(reading.label, reading.probe): reading for reading in found.readings}


# -- what is read -----------------------------------------------------------------------------------------------------


def test_a_colour_is_read_and_what_a_frame_does_not_show_is_not(services, films):
    found = examined(services, clips_in(films), n_neighbours=3)
    read = by_probe(found)
    assert list(read) == [(label, probe) for label in ("colour", "place") for probe in ("neighbours", "linear")]
    for probe in ("neighbours", "linear"):
        colour, place = read["colour", probe], read["place", probe]
        assert (colour.accuracy, colour.interval) == (1.0, (1.0, 1.0))
        assert colour.chance == pytest.approx(1 / 3)
        assert colour.per_value == {"red": 1.0, "green": 1.0, "blue": 1.0}
        assert (colour.n_clips, colour.n_videos) == (12, 6)
        assert colour.is_above_chance
        # Each colour is first in as many films as it is last: from one film to the others, the wrong answer.
        assert place.accuracy <= 0.5
        assert not place.is_above_chance
    assert read["colour", "neighbours"].n_neighbours == 3
    assert read["colour", "linear"].n_neighbours == 0
    assert (found.n_clips, found.n_videos) == (12, 6)
    assert "“colour” is read by a linear map in 100% of clips, where chance gives 33%" in found.conclusion
    assert "“place” is not read beyond chance by a linear map" in found.conclusion


def test_no_clip_is_judged_by_its_own_video(services, tmp_path):
    """Each film has its clip six times, and the film that is most like it has the other label."""
    clips = []
    for label, scenes in zip(
        "abab", [[RED] * 4, [RED, RED, RED, GREEN], [BLUE, BLUE, BLUE, GREEN], [BLUE] * 4], strict=True
    ):
        path = tmp_path / f"film{len(clips)}.mp4"
        write_film(path, [(1.0, colour) for colour in scenes])
        clips += [Clip(services.library.open_path(path).id, 0, 4, {"half": label})] * 6
    read = by_probe(examined(services, tuple(clips), n_neighbours=1))
    assert read["half", "neighbours"].accuracy == 0
    assert read["half", "linear"].accuracy == 0


def test_what_as_good_as_chance_could_reach_is_not_called_read():
    reading = Reading("colour", "linear", 0.6, 0.5, (0.45, 0.75), {}, 20, 5)
    assert not reading.is_above_chance
    assert replace(reading, interval=(0.51, 0.7)).is_above_chance
    found = Examination("A model", 20, 5, (reading,), None, -2.0)
    said = about_examination(found)
    assert said.endswith("“colour” is not read beyond chance by a linear map: 0.60 (0.45 to 0.75), chance 0.50.")
    said = about_examination(replace(found, readings=(replace(reading, interval=(0.51, 0.7)),)))
    assert said.endswith("“colour” is read by a linear map in 60% of clips, where chance gives 50%.")


def test_a_clip_is_the_unit_mean_of_its_own_rows(services, films):
    info, _ = films["film0"]  # red up to 2 s, green from then on
    model = services.models.load(ENTRY.id)
    clips = [Clip(info.id, 0, 2), Clip(info.id, 2, 4), Clip(info.id, 1, 2.5), Clip(info.id, 0.1, 0.2)]
    seen = clip_features(services, clips, model, SamplingSpec(2.0), 0.0, lambda told: None)
    red, green = (np.eye(model.spec.dim)[COLOURS.index(name)] for name in ("red", "green"))
    assert seen.bounds.tolist() == [[0, 4], [4, 8], [2, 5], [0, 1]]
    expected = [red, green, (2 * red + green) / 5**0.5, red]
    assert seen.rows == pytest.approx(np.array(expected), abs=1e-3)
    assert seen.problems == (
        "1 of the clips is so short that Colour histogram has no row in them, so that the nearest stands for each; "
        "sample more frames a second.",
    )


def test_labels_that_are_not_known_of_a_clip_are_not_asked_of_it(services, films):
    clips = list(clips_in(films))
    clips[0] = replace(clips[0], labels={})
    read = by_probe(examined(services, tuple(clips)))
    assert read["colour", "linear"].n_clips == 11


# -- captions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [ENTRY.id, "read-against"])
def test_captions_find_their_clips_and_clips_their_captions(services, films, model):
    captions = examined(services, clips_in(films), model).captions
    assert (captions.n_captions, captions.n_clips) == (3, 12)
    for ranks in (captions.find_clips, captions.are_found):
        assert (ranks.r_at_1, ranks.r_at_5, ranks.median_rank, ranks.mean_reciprocal_rank) == (1, 1, 1, 1)


@pytest.mark.parametrize("model", [ENTRY.id, "read-against"])
def test_wrong_captions_rank_where_they_must(services, films, model):
    """Of one red clip, green is said: green finds another clip first, and the clip finds what is red first."""
    (info, _), (other, _) = films["film0"], films["film2"]
    clips = (
        Clip(info.id, 0, 2, caption="something green"),
        Clip(info.id, 2, 4, caption="something red"),
        Clip(other.id, 0, 2, caption="something blue"),
        Clip(other.id, 2, 4, caption=""),
    )
    found = examined(services, clips, model)
    # Cosines are 1 or 0: of what has 0, the true one is behind every other, itself at rank 3.
    for ranks in (found.captions.find_clips, found.captions.are_found):
        assert (ranks.r_at_1, ranks.r_at_5, ranks.median_rank) == (pytest.approx(1 / 3), 1, 3)
    assert (found.captions.n_captions, found.captions.n_clips) == (3, 3)
    assert "1 clips have no caption, and are not looked for." in found.warnings
    if model == ENTRY.id:
        assert found.captions.alignment == pytest.approx(4 / 3, abs=0.01)  # two partners 2 apart, squared, and one 0
    else:
        assert np.isnan(found.captions.alignment)


def test_captions_and_clips_are_counted_apart(services, films):
    clips = list(clips_in(films))
    clips[0] = replace(clips[0], caption="something green")  # of a red one
    captions = examined(services, tuple(clips)).captions
    # “red” finds that clip as soon as a true one; that clip finds both other captions no later than its own.
    assert captions.find_clips.r_at_1 == pytest.approx(2 / 3)
    assert captions.are_found.r_at_1 == pytest.approx(11 / 12)
    assert captions.find_clips.mean_reciprocal_rank == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert captions.are_found.mean_reciprocal_rank == pytest.approx((11 + 1 / 3) / 12)


def test_captions_that_are_read_against_the_video_have_no_alignment_and_that_is_said(services, films):
    apart, against = (examined(services, clips_in(films), model) for model in (ENTRY.id, "read-against"))
    assert apart.captions.alignment == pytest.approx(0, abs=1e-3)
    assert np.isnan(against.captions.alignment)
    assert [told for told in against.warnings if "no alignment" in told]
    assert not [told for told in apart.warnings if "no alignment" in told]
    assert apart.uniformity == pytest.approx(against.uniformity)


def test_a_caption_is_read_against_the_rows_of_its_clip_and_no_others(services, films):
    """In a film of two colours, the mean over the whole film would not tell which clip a caption is of."""
    info, _ = films["film0"]
    clips = (Clip(info.id, 0, 2, caption="something red"), Clip(info.id, 2, 4, caption="something green"))
    found = examined(services, clips, "read-against")
    assert found.captions.find_clips.r_at_1 == found.captions.are_found.r_at_1 == 1


def test_uniformity_is_that_of_the_clips(services, films):
    clips = clips_in(films)
    # Of 66 pairs, 18 have one colour and distance 0, and 48 are at right angles, 2 apart when squared.
    expected = np.log((18 + 48 * np.exp(-4)) / 66)
    assert examined(services, clips).uniformity == pytest.approx(expected, abs=1e-3)
    alike = tuple(clip for clip in clips if clip.labels["colour"] == "red")
    assert examined(services, tuple(replace(c, labels={"place": c.labels["place"]}) for c in alike)).uniformity == (
        pytest.approx(0, abs=1e-4)
    )


# -- what is left out, and said ---------------------------------------------------------------------------------------


def test_a_value_in_one_video_alone_leaves_its_label_out(services, films):
    clips = list(clips_in(films))
    clips[0] = replace(clips[0], labels={**clips[0].labels, "place": "nowhere"})
    found = examined(services, tuple(clips))
    assert {reading.label for reading in found.readings} == {"colour"}
    assert "“place” is left out: “nowhere” is in one video alone, so no other tells of it; add one that does." in (
        found.warnings
    )


def test_a_label_of_one_value_is_left_out(services, films):
    found = examined(services, clips_in(films, mood="fine"))
    assert {reading.label for reading in found.readings} == {"colour", "place"}
    assert [told for told in found.warnings if told.startswith("“mood” is left out: it is “fine” in all clips")]


def test_fewer_voters_than_asked_for_are_told(services, films):
    found = examined(services, clips_in(films), n_neighbours=50)
    assert by_probe(found)["colour", "neighbours"].n_neighbours == 10
    assert "“colour” has 10 clips of other videos to go by, so that only 10 vote." in found.warnings


@pytest.mark.parametrize(
    ("clips", "named"),
    [
        (lambda own: own[:1], "2 clips or more"),
        (lambda own: tuple(replace(clip, labels={}, caption="") for clip in own), "No row has labels or a caption"),
        (lambda own: tuple(replace(clip, labels={"a": "b"}, caption="") for clip in own), "“a” is left out"),
    ],
)
def test_nothing_to_examine_is_refused(services, films, clips, named):
    with pytest.raises(InputError, match=named) as refused:
        examined(services, clips(clips_in(films)))
    assert str(refused.value).endswith(".")


def test_all_captions_alike_leave_what_remains(services, films):
    clips = tuple(replace(clip, labels={}, caption="something red") for clip in clips_in(films))
    found = examined(services, clips)
    assert found.captions is None
    assert found.warnings == ("All captions are the same, so that none can be looked for.",)
    assert "nothing but how evenly they are spread" in found.conclusion


def test_ranges_and_cancelling(services, films):
    with pytest.raises(InputError, match="Neighbours is 0"):
        examined(services, clips_in(films), n_neighbours=0)

    def stop(told):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        Examine().run(services, ExamineParams(clips_in(films), "read-against"), stop)


# -- the file ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def find_video(films):
    """Return how the films of the tests are found, by name."""

    def find(vid):
        if vid not in films:
            raise VideoError(f"There is no video {vid}.")
        return films[vid][0]

    return find


def test_rows_are_clips_and_the_default_is_the_whole_video(services, films, find_video):
    rows = [
        {"vid": "film0", "labels": {"colour": "red", "n": 2, "is_bright": True, "mood": None}},
        {"vid": "film1", "start_s": 1, "end_s": 2.5, "caption": "  a green\tthing "},
        {"vid": "film1", "end_s": 4.25},
    ]
    one, two, three = clips_of(rows, "rows.jsonl", find_video, services.settings)
    duration_s = films["film0"][0].duration_s
    assert one == Clip(films["film0"][0].id, 0, duration_s, {"colour": "red", "n": "2", "is_bright": "true"})
    assert two == Clip(films["film1"][0].id, 1, 2.5, {}, "a green thing")
    assert three.end_s == films["film1"][0].duration_s  # times in files are rounded


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"labels": {"a": "b"}}, "Row 2 of rows.jsonl has no 'vid'; add it."),
        ({"vid": "film0", "start_s": 3, "end_s": 9}, "Row 2 of rows.jsonl is a clip from 3 s to 9 s of “film0"),
        ({"vid": "film0", "start_s": 4.2}, "from 4.2 s to 4.2 s"),
        ({"vid": "film0", "start_s": -1}, "from -1 s"),
        ({"vid": "film0", "start_s": 2, "end_s": 2}, "from 2 s to 2 s"),
        ({"vid": "film0", "start_s": "1"}, "has 'start_s' \"1\", which is no number of seconds"),
        ({"vid": "film0", "end_s": float("nan")}, "has 'end_s' NaN"),
        ({"vid": "film0", "end_s": True}, "has 'end_s' true"),
        ({"vid": "film0", "labels": ["a"]}, "'labels' that are no object"),
        ({"vid": "film0", "labels": {"a": ["b"]}}, "'labels' that are no object"),
        ({"vid": "film0", "caption": 3}, "'caption' that is no text"),
        ({"vid": "film0", "caption": " "}, "Row 2 of rows.jsonl: The sentence is empty"),
    ],
)
def test_a_row_that_is_no_clip_is_named(services, find_video, row, named):
    with pytest.raises(InputError) as refused:
        clips_of([{"vid": "film1"}, row], "rows.jsonl", find_video, services.settings)
    assert named in str(refused.value)
    assert str(refused.value).endswith(".")


def test_no_row_and_an_unknown_video_are_refused(services, find_video):
    with pytest.raises(InputError, match=r"There is no row in rows\.jsonl"):
        clips_of([], "rows.jsonl", find_video, services.settings)
    with pytest.raises(VideoError, match="film9"):
        clips_of([{"vid": "film9"}], "rows.jsonl", find_video, services.settings)


# -- what is said -----------------------------------------------------------------------------------------------------


def test_models_stand_side_by_side(services, films):
    found = [examined(services, clips_in(films), model, n_neighbours=3) for model in (ENTRY.id, "read-against")]
    head, *rows = examinations_as_text(found).split("\n\n")[1].splitlines()
    assert head.split("  ")[-1] == "Read against"
    assert "Colour histogram" in head
    table = {row[: head.index("Colour")].strip(): row[head.index("Colour") :] for row in rows}
    assert table["colour, neighbours"].count("1.00 (1.00 to 1.00), chance 0.33") == 2
    assert table["alignment"].split() == ["0.00", "-"]
    assert list(table)[-1] == "uniformity"
    alone = {label.split(",")[0] for label in table}
    assert alone == {"colour", "place", "captions find clips", "clips find captions", "alignment", "uniformity"}


def test_the_record_is_plain_json_and_says_how_it_was_made(services, films):
    params = ExamineParams(clips_in(films), "read-against")
    first, again = (Examine().run(services, params) for _ in range(2))
    row = json.loads(json.dumps(Examine().as_json(again), allow_nan=False))
    assert row["captions"]["alignment"] is None
    assert row["readings"][0]["label"] == "colour"
    assert "clips" not in row["provenance"]["parameters"]
    assert row["provenance"]["parameters"]["n_clips"] == 12
    assert (first.provenance.from_cache, again.provenance.from_cache) == (False, True)
    fewer = Examine().run(services, replace(params, clips=params.clips[:-1])).provenance
    assert fewer.parameters["clips_sha256"] != first.provenance.parameters["clips_sha256"]


def test_the_captions_of_the_toy_world_find_their_clips(settings):
    services = Services.create(settings)
    clips = []
    for at in range(3):
        info = services.library.get(f"toy-test-72-00{at}")
        for row in services.library.truth_for(info.id):
            shape = row["query"].split()[-1]
            labels = {} if shape == "cross" else {"shape": shape}  # a cross is in one film alone
            clips += [Clip(info.id, *window, labels, row["query"]) for window in row["windows"]]
    for model in ("toyworld-frame", "toyworld-video"):
        found = examined(services, tuple(clips), model, n_neighbours=3)
        assert {reading.label for reading in found.readings} <= {"shape"}
        assert found.captions.find_clips.r_at_1 > 0.7
        assert -4 < found.uniformity < -1
        assert np.isnan(found.captions.alignment) == (model == "toyworld-video")
