"""Two models on the same films: what is matched with what, and how far both agree, on answers known beforehand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.films import BLUE, GRAY, GREEN, RED, write_film
from workbench.analyses.compare import Compare, CompareParams
from workbench.analyses.matched import matched, rows_within
from workbench.analyses.services import Services
from workbench.core.spaces import linear_cka
from workbench.errors import Cancelled, InputError, ModelError
from workbench.figures.comparison import comparison_figure, with_hover
from workbench.figures.comparison_report import comparison_section
from workbench.figures.report import page_html
from workbench.models.adapter_template import COLOURS, ENTRY, FAMILY, ColourHistogram
from workbench.models.entry import Family
from workbench.types.features import VideoFeatures

ORANGE, PURPLE = (245, 140, 20), (130, 50, 170)


class Shaken(ColourHistogram):
    """The same histogram with its colours in another order: another space in which items lie alike."""

    def encode_frames(self, frames):
        """Return the rows with their dimensions reversed."""
        found = super().encode_frames(frames)
        return replace(found, frames=np.ascontiguousarray(found.frames[:, ::-1]))


class InPairs(ColourHistogram):
    """Reads two frames at once, a window after the other: half as many rows, each the mean of its two frames."""

    def __init__(self, entry, settings):
        super().__init__(entry, settings)
        self.spec = replace(self.spec, frame_independent=False, window_frames=2, window_step=2)

    def encode_frames(self, frames):
        """Return the unit mean of each pair, at its middle."""
        found = super().encode_frames(frames)
        rows = found.frames.reshape(-1, 2, found.frames.shape[1]).mean(axis=1)
        times_s = found.times_s.reshape(-1, 2).mean(axis=1)
        return VideoFeatures(frames.video_id, self.spec.id, times_s, rows / np.linalg.norm(rows, axis=1, keepdims=True))


class WarmOrCold(ColourHistogram):
    """Sees whether a frame is red or orange, or neither, and how bright it is: blue and green are one to it."""

    def encode_frames(self, frames):
        """Return three numbers a frame in the same number of dimensions."""
        found = super().encode_frames(frames)
        warm = found.frames[:, [COLOURS.index("red"), COLOURS.index("orange")]].sum(axis=1)
        rows = np.zeros_like(found.frames)
        rows[:, 0], rows[:, 1] = warm, 1 - warm
        rows[:, 2] = frames.pixels.mean(axis=(1, 2, 3)) / 2550
        return replace(found, frames=rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.fixture
def services(settings):
    """Return services with the colour model and three others made of it."""
    services = Services.create(settings)
    services.models.register_family(FAMILY)
    services.models.register(ENTRY)
    for name, load in (("shaken", Shaken), ("in-pairs", InPairs), ("warm-or-cold", WarmOrCold)):
        services.models.register_family(Family(name=name, load=load))
        services.models.register(replace(ENTRY, id=name, title=name, family=name))
    return services


def a_film(services, path, *colours, seconds=2.0):
    write_film(path, [(seconds, colour) for colour in colours])
    return services.library.open_path(path).id


@pytest.fixture
def videos(services, tmp_path):
    """Return two films of six scenes in all."""
    first = a_film(services, tmp_path / "one.mp4", RED, BLUE, GREEN)
    return first, a_film(services, tmp_path / "two.mp4", GRAY, ORANGE, PURPLE)


def compared(services, videos, other, **more):
    params = CompareParams(videos, ENTRY.id, other, **{"reducer": "pca", **more})
    return Compare().run(services, params)


# -- matching ---------------------------------------------------------------------------------------------------------


def test_rows_are_averaged_within_spans_and_the_nearest_stands_where_there_is_none():
    times_s = np.array([0.0, 1.0, 2.0, 6.0])
    spans_s = np.array([[0.0, 2.0], [2.0, 3.0], [3.0, 3.8], [4.2, 6.0], [6.5, 9.0], [3.5, 4.5]])
    bounds, holds_any = rows_within(times_s, spans_s)
    # From a start up to an end: 2.0 is of the second span. 3.4 is nearer to 2.0, 5.1 to 6.0, and 4.0 to both alike.
    assert bounds.tolist() == [[0, 2], [2, 3], [2, 3], [3, 4], [3, 4], [2, 3]]
    assert holds_any.tolist() == [True, True, False, False, False, False]
    rows = np.eye(4, dtype=np.float32)
    found = matched(rows, bounds)
    assert found[0] == pytest.approx([0.5**0.5, 0.5**0.5, 0, 0])
    assert (found[1:] == rows[[2, 2, 3, 3, 2]]).all()


def test_one_row_alone_stands_for_every_span():
    bounds, holds_any = rows_within(np.array([1.0]), np.array([[0.0, 0.5], [0.5, 2.0], [2.0, 3.0]]))
    assert bounds.tolist() == [[0, 1]] * 3
    assert holds_any.tolist() == [False, True, False]


def test_rows_that_cancel_each_other_out_are_refused():
    with pytest.raises(InputError, match="no direction"):
        matched(np.array([[1, 0], [-1, 0]], np.float32), np.array([[0, 2]]))


# -- how far both agree -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("points", ["frame", "segment", "video"])
def test_a_model_agrees_wholly_with_itself_and_with_one_that_only_names_its_axes_otherwise(services, tmp_path, points):
    scenes = [(RED, BLUE), (GREEN, GRAY), (ORANGE, PURPLE), (RED, GREEN, BLUE), (GRAY, RED)]
    videos = tuple(a_film(services, tmp_path / f"{at}.mp4", *colours) for at, colours in enumerate(scenes))
    for other in (ENTRY.id, "shaken"):
        found = compared(services, videos, other, points=points).result
        assert found.overlap.tolist() == [1.0] * len(found.items)
        assert found.cka == pytest.approx(1)
        assert found.debiased_cka == pytest.approx(1)
        assert "agree on 100%" in found.conclusion
        assert found.conclusion.endswith("They disagree about none.")
    assert len(found.items) == {"frame": 44, "segment": 6, "video": 5}[points]


def test_models_that_see_else_agree_in_part_and_most_disagreed_is_first(services, videos):
    found = compared(services, videos, "warm-or-cold", n_neighbours=4).result
    assert (len(found.items), found.n_neighbours) == (24, 3)
    assert found.chance_overlap == pytest.approx(3 / 23)
    by_scene = found.overlap.reshape(6, 4).mean(axis=1)
    # Frames of one scene are alike to both, so every frame's three neighbours are the rest of its own scene.
    assert by_scene.tolist() == [1.0] * 6
    found = compared(services, videos, "warm-or-cold", n_neighbours=6).result
    assert found.n_neighbours == 5
    assert 0.6 <= found.mean_overlap < 1  # the three of the scene, and not the two that come next
    assert 0 < found.debiased_cka < found.cka < 1
    assert (np.diff(found.overlap[found.order]) >= 0).all()
    assert sorted(found.order.tolist()) == list(range(24))
    worst = found.items.described(int(found.order[0]))
    assert f"They disagree most about {worst}" in found.conclusion
    assert f"agree on {found.mean_overlap:.0%} of the 5 nearest neighbours of 24 frames" in found.conclusion
    assert f"chance gives {found.chance_overlap:.0%}" in found.conclusion
    assert f"alike to {found.cka:.2f} (CKA" in found.conclusion


@pytest.mark.parametrize("order", [(ENTRY.id, "in-pairs"), ("in-pairs", ENTRY.id)])
def test_windows_are_held_against_the_frames_in_their_spans(services, videos, order):
    params = CompareParams(videos, *order, reducer="pca", n_neighbours=3)
    found = Compare().run(services, params).result
    assert len(found.items) == 12  # of 24 frames
    # A window's span reaches from half-way to the last one to half-way to the next: the frames that it was made of.
    assert found.items.spans_s[:3].tolist() == [[0, 0.75], [0.75, 1.75], [1.75, 2.75]]
    assert found.titles == tuple(ENTRY.title if each == ENTRY.id else each for each in order)
    assert found.overlap.min() == 1
    assert found.cka > 0.9
    (told,) = [warning for warning in found.warnings if "window" in warning]
    assert told.startswith("Each point is a window of in-pairs; of Colour histogram")


@pytest.mark.parametrize("order", [("warm-or-cold", "in-pairs"), ("in-pairs", "warm-or-cold")])
def test_each_model_has_its_own_map_whichever_has_the_rows(services, videos, order):
    params = CompareParams(videos, *order, reducer="pca", n_neighbours=12)
    found = Compare().run(services, params).result
    farthest = dict(zip(order, (near.distances.max() for near in found.neighbours), strict=True))
    assert farthest["in-pairs"] == pytest.approx(1)  # colours are at right angles
    assert farthest["warm-or-cold"] < 0.999  # all have some brightness
    assert dict(zip(order, found.titles, strict=True)) == {each: each for each in order}


def test_what_is_compared_are_windows_and_the_mean_of_the_frames_in_each_of_their_spans(services, tmp_path):
    video = a_film(services, tmp_path / "film.mp4", RED, RED, BLUE, GREEN, ORANGE, BLUE, PURPLE, RED, seconds=0.5)
    found = compared(services, (video,), "in-pairs").result
    assert found.items.spans_s.tolist() == [[0, 0.75], [0.75, 1.75], [1.75, 2.75], [2.75, 4]]
    scenes = [RED, RED, BLUE, GREEN, ORANGE, BLUE, PURPLE, RED]
    frames = np.array([[colour == of for of in (RED, BLUE, GREEN, ORANGE, PURPLE)] for colour in scenes], float)
    windows = frames.reshape(4, 2, 5).mean(axis=1)
    expected = linear_cka(windows / np.linalg.norm(windows, axis=1, keepdims=True), windows)
    assert found.cka == pytest.approx(1)
    assert expected < 0.999  # so that the mean of unit length is told from the mean
    assert found.overlap.tolist() == [1.0] * 4


def test_segments_are_those_of_the_first_model(services, videos):
    one, other = (
        Compare().run(services, CompareParams(videos, *pair, points="segment", reducer="pca")).result
        for pair in ((ENTRY.id, "in-pairs"), ("in-pairs", ENTRY.id))
    )
    from workbench.analyses.spaces import space_of
    from workbench.types.video import SamplingSpec

    for found, first in ((one, ENTRY.id), (other, "in-pairs")):
        space = space_of(services, videos, services.models.load(first), SamplingSpec(), "segment", lambda told: None)
        assert found.items.names == space.items.names


# -- what is refused, kept and told -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"points": "video"}, "2; name more"),
        ({"points": "word"}, "Points is 'word'"),
        ({"n_neighbours": 1}, "Neighbours is 1"),
        ({"fps": 0.0}, "Sampling is 0.0"),
        ({"reducer": "tsne"}, "Reducer is 'tsne'"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(services, videos, more, named):
    with pytest.raises(InputError, match=named) as refused:
        compared(services, videos, "shaken", **more)
    assert str(refused.value).endswith(".")


def test_no_film_an_unknown_model_and_films_of_one_colour(services, tmp_path):
    with pytest.raises(InputError, match="no video"):
        compared(services, (), "shaken")
    plain = a_film(services, tmp_path / "plain.mp4", RED, seconds=4)
    with pytest.raises(ModelError, match="no model"):
        compared(services, (plain,), "shakn")
    found = compared(services, (plain,), "shaken").result
    assert np.isnan(found.cka)
    assert "one of them sees all of these alike" in found.conclusion
    assert json.loads(json.dumps(Compare().as_json(compared(services, (plain,), "shaken"))))["cka"] is None


def test_few_items_are_compared_by_fewer_neighbours_and_that_is_said(services, videos):
    found = compared(services, videos, "shaken").result
    assert found.n_neighbours == 6
    assert "Of 24 points, 6 neighbours are compared instead of 14." in found.warnings
    assert not [told for told in found.warnings if "UMAP" in told]


def test_what_was_compared_once_is_not_read_again(services, videos):
    first = compared(services, videos, "warm-or-cold")
    again = compared(services, videos, "warm-or-cold")
    assert (first.provenance.from_cache, again.provenance.from_cache) == (False, True)
    assert (first.result.overlap == again.result.overlap).all()
    assert (first.result.coords[1] == again.result.coords[1]).all()
    assert first.provenance.parameters["other"] == "warm-or-cold"
    assert first.provenance.parameters["other_revision"] == "1"


def test_the_maps_are_those_of_each_model_and_not_of_one(services, videos):
    """Kept neighbours and maps must not be taken for those of the other model, whose items are the same."""
    found = compared(services, videos, "warm-or-cold", n_neighbours=6).result
    turned = (
        Compare().run(services, CompareParams(videos, "warm-or-cold", ENTRY.id, reducer="pca", n_neighbours=6)).result
    )
    assert (found.coords[0] == turned.coords[1]).all()
    assert (found.coords[1] == turned.coords[0]).all()
    assert not np.allclose(*found.coords)
    assert (found.overlap == turned.overlap).all()


def test_it_can_be_cancelled(services, videos):
    def stop(told):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        Compare().run(services, CompareParams(videos, ENTRY.id, "shaken"), stop)


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_both_maps_are_drawn_in_one_scale_with_the_numbers_of_rows(services, videos):
    found = compared(services, videos, "warm-or-cold", n_neighbours=6).result
    figure = comparison_figure(found)
    assert len(figure.data) == 2
    for trace, coords in zip(figure.data, found.coords, strict=True):
        rows = np.array(trace.customdata)
        assert sorted(rows.tolist()) == list(range(24))
        assert (np.array(trace.x) == coords[rows, 0]).all()
        assert (np.array(trace.y) == coords[rows, 1]).all()
        assert (np.array(trace.marker.color) == found.overlap[rows]).all()
        assert trace.marker.coloraxis == "coloraxis"
        assert rows[-1] == found.order[0]  # what both disagree about most lies on top
    for trace in with_hover(figure, found).data:
        assert trace.hovertext[-1].startswith(found.items.described(int(found.order[0])))
    assert [figure.data[0].xaxis, figure.data[1].xaxis] == ["x", "x2"]
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)
    assert [note.text for note in figure.layout.annotations] == ["Colour histogram", "warm-or-cold"]


def test_the_page_shows_ten_neighbourhoods_and_escapes_what_films_are_called(services, tmp_path):
    video = a_film(services, tmp_path / "<b>&.mp4", RED, BLUE, GREEN, ORANGE, PURPLE, GRAY)
    outcome = compared(services, (video,), "warm-or-cold", n_neighbours=7)
    page = page_html([comparison_section(outcome)], "[]")
    assert "<b>&" not in page.replace("<b>&amp;", "")
    found = outcome.result
    n_disagreed = int((found.overlap < 1).sum())
    assert n_disagreed > 10
    assert page.count("<tr><td>") == n_disagreed
    assert page.count("<td></td><td></td>") == n_disagreed - 10
    assert "Plotly.newPlot" in page


# -- the models that come with the workbench --------------------------------------------------------------------------


def test_the_toy_models_agree_more_than_chance_and_not_wholly(settings):
    services = Services.create(settings)
    videos = tuple(services.library.get(f"toy-test-72-00{at}").id for at in range(2))
    params = CompareParams(videos, "toyworld-frame", "toyworld-video", reducer="pca")
    found = Compare().run(services, params).result
    assert len(found.items) == 55  # windows, of 121 frames
    assert found.chance_overlap == pytest.approx(13 / 54)
    assert found.chance_overlap + 0.2 < found.mean_overlap < 0.95
    assert 0.2 < found.debiased_cka < found.cka < 0.98
