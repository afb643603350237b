"""The picture of a map: which points are hollow, what is said over one, and what has which colour."""

from __future__ import annotations

import numpy as np
import pytest

from tests.small_maps import KINDS, TORN, small_map
from workbench.figures.embedding import embedding_figure, with_hover
from workbench.figures.palette import QUERY_COLOURS
from workbench.types.embedding import EmbeddingMap, Items, Neighbours
from workbench.ui.gradio import space_panels

GREY = QUERY_COLOURS[-1]
WARNING = "Its true neighbours are elsewhere on this map."


def drawn(figure, of):
    """Return what each row is drawn with, of every point's own or of its trace's; ``of`` takes it from a trace."""
    found = {}
    for trace in figure.data:
        values = of(trace)
        for at, row in enumerate(trace.customdata):
            assert row not in found
            found[int(row)] = values if isinstance(values, str | int | float) else values[at]
    return found


def drawn_rows(coords, known, words=()):
    """Return a map of rows at ``coords`` whose classes are ``known``; ``words`` are the rows that are sentences."""
    kinds = ["sentence" if row in words else "row" for row in range(len(coords))]
    n = len(coords)
    return EmbeddingMap(
        items=Items(
            names=tuple(map(str, range(n))),
            kinds=kinds,
            labels=("a red circle",) * n,
            videos=("",) * n,
            spans_s=np.full((n, 2), np.nan),
            columns={"known": np.array(known)},
        ),
        coords=coords,
        is_fitted=np.ones(n, bool),
        is_torn=np.zeros(n, bool),
        neighbours=Neighbours(np.zeros((n, 1), int), np.zeros((n, 1))),
        reducer="umap",
    )


@pytest.mark.parametrize("colour_by", ["video", "time", "known moment"])
@pytest.mark.parametrize("axes", [2, 3])
def test_torn_points_and_no_others_are_hollow(colour_by, axes):
    figure = embedding_figure(small_map(axes), colour_by)
    symbols = drawn(figure, lambda trace: trace.marker.symbol)
    hollow = {row for row, symbol in symbols.items() if symbol.endswith("-open")}
    # In three axes there is no hollow form of a picture's cross.
    assert hollow == set(TORN) - ({KINDS.index("picture")} if axes == 3 else set())
    assert {row: symbols[row].removesuffix("-open") for row in (0, 1, 6, 7, 8)} == {
        0: "circle",
        1: "circle",
        6: "square",
        7: "diamond",
        8: "diamond",
    }
    widths = drawn(figure, lambda trace: trace.marker.line.width)
    assert all(widths[row] > 0 for row in hollow)  # of one without a line nothing is drawn


def test_over_a_torn_point_and_no_other_it_is_said_that_its_neighbours_are_elsewhere():
    found = small_map()
    said = drawn(with_hover(embedding_figure(found, "video"), found), lambda trace: trace.hovertext)
    assert {row for row, text in said.items() if text.endswith("<br>its neighbours are elsewhere")} == set(TORN)
    assert said[0] == "a film, 0:00.0"
    assert said[7] == "a red &lt;b&gt;<br>its neighbours are elsewhere"


@pytest.mark.parametrize("row", range(len(KINDS)))
def test_a_torn_point_that_is_picked_is_warned_of_and_no_other(row):
    assert (WARNING in space_panels.near(small_map(), row, "")) == (row in TORN)


def test_known_moments_have_colours_of_their_own_and_what_is_of_none_is_grey():
    figure = embedding_figure(small_map(), "known moment")
    colours = drawn(figure, lambda trace: trace.marker.color)
    dusk, dawn = QUERY_COLOURS[:2]  # the larger class first
    assert [colours[row] for row in range(7)] == [dawn, dawn, GREY, dusk, dusk, dusk, GREY]
    names = drawn(figure, lambda trace: trace.name)
    dusk, dawn = "1  dusk", "2  dawn"
    assert [names[row] for row in range(7)] == [dawn, dawn, "others", dusk, dusk, dusk, "others"]
    legend = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(legend) == [dusk, dawn, "others"]


def test_the_number_of_a_class_stands_beside_the_point_in_its_middle():
    """Who tells the colours apart no better than greys finds a class by it."""
    found = small_map()
    numbers = {mark.text: [mark.x, mark.y] for mark in embedding_figure(found, "known moment").layout.annotations}
    assert numbers.keys() == {"1", "2"}
    assert numbers["1"] in [found.coords[row].tolist() for row in (3, 4, 5)]
    assert numbers["2"] in [found.coords[row].tolist() for row in (0, 1)]
    assert not embedding_figure(found, "time").layout.annotations


@pytest.mark.parametrize(("wide_px", "high_px"), [(630, 500), (340, 380)])
def test_no_number_covers_a_point(wide_px, high_px):
    """On a page and on a phone, where groups are so tight that a number is larger than all of one."""
    draw = np.random.default_rng(3)
    coords = np.repeat(draw.uniform(-50, 50, (40, 2)), 12, axis=0) + draw.normal(0, 0.4, (480, 2))
    found = drawn_rows(coords, [f"group {at % 5}" for at in range(40) for _ in range(12)])
    figure = embedding_figure(found, "known")
    scale = min(np.array([wide_px, high_px]) / np.ptp(coords, axis=0))
    marks = figure.layout.annotations
    assert [mark.text for mark in marks] == ["1", "2", "3", "4", "5"]
    centres = np.array([[mark.x * scale + mark.xshift, mark.y * scale + mark.yshift] for mark in marks])
    away = np.abs(coords[None] * scale - centres[:, None])
    assert not (away < (8, 8)).all(axis=2).any()
    assert all(np.hypot(mark.xshift, mark.yshift) < 60 for mark in marks)
    between = np.abs(centres[None] - centres[:, None]) < 12
    assert between.all(axis=2).sum() == 5  # each with itself


def test_no_number_covers_the_words_of_a_sentence():
    coords = np.array([[0.0, 0.0], [1.0, 0.0], [20.0, 20.0]])
    found = drawn_rows(coords, ["here", "here", ""], words=(0,))
    [mark] = embedding_figure(found, "known").layout.annotations
    assert not (abs(mark.yshift - 14) < 10 and abs(mark.xshift) < 40)


def test_time_is_on_one_scale_and_what_has_none_is_grey():
    figure = embedding_figure(small_map(), "time")
    by_time = [trace for trace in figure.data if trace.marker.coloraxis == "coloraxis"]
    assert {row: at for trace in by_time for row, at in zip(trace.customdata, trace.marker.color, strict=True)} == {
        row: float(row) for row in range(6)
    }
    [film] = [trace for trace in figure.data if list(trace.customdata) == [6]]
    assert film.marker.color == GREY
    assert figure.layout.coloraxis.colorbar.title.text == "time"
    np.testing.assert_array_equal(sorted(np.concatenate([trace.customdata for trace in figure.data])), range(10))
